#include "engine/ring.hpp"

#include <time.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "engine/engine.hpp"
#include "engine/uring_compat.hpp"

namespace tunrelay {
namespace {

io_uring_params wanted_params(unsigned completion_entries) {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG;
  params.cq_entries = completion_entries;
  return params;
}

/// The memory of a ring that was closed a moment ago is still charged against
/// RLIMIT_MEMLOCK, so that a quick restart of an ordinary user's relay can meet ENOMEM.
int open_ring(unsigned submission_entries, unsigned completion_entries, io_uring& ring) {
  constexpr int kTries = 5;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 50 * kNanosecondsPerMillisecond};
  for (int tries = 1;; ++tries) {
    io_uring_params params = wanted_params(completion_entries);
    const int error = io_uring_queue_init_params(submission_entries, &ring, &params);
    if (error != -ENOMEM || tries == kTries) return error;
    ::nanosleep(&kPause, nullptr);
  }
}

}  // namespace

Ring::Ring(unsigned submission_entries, unsigned completion_entries, std::span<const int> files) {
  constexpr const char* kWayOut =
      "use --engine syscall, allow io_uring (kernel.io_uring_disabled=0, seccomp profile), or "
      "raise "
      "RLIMIT_MEMLOCK";
  if (const int error = open_ring(submission_entries, completion_entries, ring_); error < 0)
    throw_system_error(-error, "set up", "an io_uring", kWayOut);
  // Saves the descriptor look-up of every system call; refused before Linux 5.18, no loss.
  io_uring_register_ring_fd(&ring_);
  const int error =
      io_uring_register_files(&ring_, files.data(), static_cast<unsigned>(files.size()));
  if (error < 0) {
    io_uring_queue_exit(&ring_);
    throw_system_error(-error, "register", "the queues with an io_uring", kWayOut);
  }
}

Ring::~Ring() {
  io_uring_queue_exit(&ring_);
}

void Ring::submit() noexcept {
  while (io_uring_sq_ready(&ring_) != 0) {
    const int submitted = io_uring_submit(&ring_);
    ensure(submitted >= 0 || submitted == -EINTR || submitted == -EAGAIN,
           "an io_uring takes what fits its queue");
  }
}

void Ring::submit_and_wait(std::int64_t wait_ns) noexcept {
  if (wait_ns == 0) {
    io_uring_submit_and_get_events(&ring_);
  } else if (wait_ns < 0) {
    io_uring_submit_and_wait(&ring_, 1);
  } else {
    __kernel_timespec limit{.tv_sec = wait_ns / kNanosecondsPerSecond,
                            .tv_nsec = wait_ns % kNanosecondsPerSecond};
    io_uring_cqe* first = nullptr;
    io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
  }
  // A signal or a shortage of memory can end the call before all was taken.
  submit();
}

UringSupport probe_uring() noexcept {
  io_uring ring{};
  io_uring_params params = wanted_params(16);
  const int error = io_uring_queue_init_params(8, &ring, &params);
  if (error == -EPERM || error == -EACCES)
    return {false, "io_uring is forbidden here (kernel.io_uring_disabled or a seccomp profile)"};
  if (error == -ENOSYS) return {false, "this kernel has no io_uring"};
  if (error == -ENOMEM) return {false, "RLIMIT_MEMLOCK leaves no room for an io_uring"};
  if (error < 0) return {false, "io_uring lacks deferred task work (needs Linux 6.1)"};
  const std::unique_ptr<io_uring_probe, decltype(&std::free)> probe(io_uring_get_probe_ring(&ring),
                                                                    &std::free);
  const bool multishot =
      probe != nullptr && io_uring_opcode_supported(probe.get(), kOpReadMultishot) != 0;
  io_uring_queue_exit(&ring);
  if (!multishot) return {false, "io_uring lacks multishot reads (needs Linux 6.7)"};
  return {true, {}};
}

}  // namespace tunrelay
