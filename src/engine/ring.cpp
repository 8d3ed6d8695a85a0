// SPDX-License-Identifier: MIT
#include "engine/ring.hpp"

#include <time.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/error.hpp"
#include "engine/engine.hpp"
#include "engine/uring_compat.hpp"
#include "os/text_file.hpp"

namespace tunrelay {
namespace {

constexpr const char* kWayOut = "use --engine syscall";

io_uring_params wanted_params(unsigned completion_entries) {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG;
  params.cq_entries = completion_entries;
  return params;
}

/// The memory of a ring that was closed a moment ago is still charged against
/// RLIMIT_MEMLOCK, so that a quick restart of an ordinary user's relay can meet ENOMEM.
int open_ring(unsigned submission_entries, unsigned completion_entries, unsigned more_flags,
              io_uring& ring) {
  constexpr int kTries = 5;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 50 * kNanosecondsPerMillisecond};
  for (int tries = 1;; ++tries) {
    io_uring_params params = wanted_params(completion_entries);
    params.flags |= more_flags;
    const int error = io_uring_queue_init_params(submission_entries, &ring, &params);
    // A child that a program with a tunnel forks must not keep the ring, and with it the devices,
    // by its memory. Where the kernel can't, it does.
    if (error == 0) io_uring_ring_dontfork(&ring);
    if (error != -ENOMEM || tries == kTries) return error;
    ::nanosleep(&kPause, nullptr);
  }
}

/// RESULT of a call that enters the kernel. A signal (EINTR), a shortage of memory (EAGAIN), the
/// time limit (ETIME) and completions that wait for room (EBUSY) end it early and lose nothing; see
/// io_uring_enter(2). No other answer is one to go on with.
void check(int result) noexcept {
  ensure_errno(
      result >= 0 || result == -EINTR || result == -EAGAIN || result == -ETIME || result == -EBUSY,
      -result, "enter an io_uring");
}

/// Why io_uring_setup() answered ERROR, and what helps.
UringSupport reason_of(int error) noexcept {
  switch (error) {
    case EPERM:
    case EACCES: {
      // The sysctl is of Linux 6.6; 1 forbids it to users without CAP_SYS_ADMIN, 2 to all.
      const auto disabled = read_text_file("/proc/sys/kernel/io_uring_disabled");
      if (disabled && *disabled != "0")
        return {false, "io_uring is forbidden by kernel.io_uring_disabled",
                "sysctl kernel.io_uring_disabled=0"};
      return {false, "io_uring is forbidden by a seccomp profile (containers often have one)",
              "use a seccomp profile that allows io_uring_setup, _enter and _register"};
    }
    case ENOSYS:
      return {false, "this kernel has no io_uring",
              "use Linux 6.7 or later, built with CONFIG_IO_URING"};
    case ENOMEM:
      return {false, "RLIMIT_MEMLOCK leaves no room for an io_uring",
              "ulimit -l 8192, or LimitMEMLOCK= of the service"};
    case EINVAL:
      return {false, "this kernel's io_uring lacks deferred task work", "use Linux 6.7 or later"};
    default:
      return {false, "io_uring can't be set up: " + describe_errno(error), ""};
  }
}

}  // namespace

Ring::Ring(unsigned submission_entries, unsigned completion_entries, std::span<const int> files,
           bool begins_disabled) {
  const unsigned more_flags = begins_disabled ? IORING_SETUP_R_DISABLED : 0;
  if (const int error = open_ring(submission_entries, completion_entries, more_flags, ring_);
      error < 0) {
    const std::string hint = reason_of(-error).hint;
    throw_system_error(-error, "set up", "an io_uring",
                       hint.empty() ? kWayOut : std::string(kWayOut) + ", or: " + hint);
  }
  // Saves the descriptor look-up of every system call; refused before Linux 5.18, no loss.
  io_uring_register_ring_fd(&ring_);
  const int error =
      io_uring_register_files(&ring_, files.data(), static_cast<unsigned>(files.size()));
  if (error < 0) {
    io_uring_queue_exit(&ring_);
    throw_system_error(-error, "register", "the queues with an io_uring", kWayOut);
  }
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the ring in the kernel
int Ring::enable_restricted() {
  constexpr auto kSqeOp = static_cast<__u16>(IORING_RESTRICTION_SQE_OP);
  constexpr auto kRegisterOp = static_cast<__u16>(IORING_RESTRICTION_REGISTER_OP);
  std::array<io_uring_restriction, 8> rules{};
  std::size_t count = 0;
  const auto add = [&](__u16 kind, unsigned value) {
    rules.at(count).opcode = kind;
    rules.at(count++).sqe_op = static_cast<__u8>(value);  // all values share one byte's union
  };
  for (const unsigned operation : {unsigned{kOpReadMultishot}, unsigned{IORING_OP_WRITE},
                                   unsigned{IORING_OP_WRITEV}, unsigned{IORING_OP_POLL_ADD}})
    add(kSqeOp, operation);
  // What a ring's end takes back.
  for (const unsigned operation :
       {unsigned{IORING_UNREGISTER_PBUF_RING}, unsigned{IORING_UNREGISTER_RING_FDS}})
    add(kRegisterOp, operation);
  add(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_FIXED_FILE);
  add(IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
      IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS);
  // liburing 2.3 has the two functions in its header, and forgot to export them.
  const int refusal =
      io_uring_register(static_cast<unsigned>(ring_.ring_fd), IORING_REGISTER_RESTRICTIONS,
                        rules.data(), static_cast<unsigned>(count));
  if (const int error = io_uring_register(static_cast<unsigned>(ring_.ring_fd),
                                          IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
      error < 0)
    throw_system_error(-error, "enable", "an io_uring", kWayOut);
  return refusal < 0 ? -refusal : 0;
}

Ring::~Ring() {
  io_uring_queue_exit(&ring_);
}

void Ring::submit() noexcept {
  while (io_uring_sq_ready(&ring_) != 0) {
    const int submitted = io_uring_submit(&ring_);
    check(submitted);
    // Completions that did not fit wait in the kernel: it takes no more before those are fetched.
    if (submitted == -EBUSY) check(io_uring_get_events(&ring_));
  }
}

void Ring::submit_and_wait(std::int64_t wait_ns) noexcept {
  if (wait_ns == 0) {
    check(io_uring_submit_and_get_events(&ring_));
  } else if (wait_ns < 0) {
    check(io_uring_submit_and_wait(&ring_, 1));
  } else {
    __kernel_timespec limit{.tv_sec = wait_ns / kNanosecondsPerSecond,
                            .tv_nsec = wait_ns % kNanosecondsPerSecond};
    io_uring_cqe* first = nullptr;
    check(io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr));
  }
  // A signal or a shortage of memory can end the call before all was taken.
  submit();
}

UringSupport probe_uring() {
  io_uring ring{};
  io_uring_params params = wanted_params(16);
  if (const int error = io_uring_queue_init_params(8, &ring, &params); error < 0)
    return reason_of(-error);
  const std::unique_ptr<io_uring_probe, decltype(&std::free)> probe(io_uring_get_probe_ring(&ring),
                                                                    &std::free);
  const bool multishot =
      probe != nullptr && io_uring_opcode_supported(probe.get(), kOpReadMultishot) != 0;
  io_uring_queue_exit(&ring);
  if (!multishot)
    return {false, "this kernel's io_uring lacks multishot reads", "use Linux 6.7 or later"};
  return {true, {}, {}};
}

}  // namespace tunrelay
