// SPDX-License-Identifier: MIT
#include "engine/uring_engine.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "engine/big_write.hpp"
#include "engine/buffer_ring.hpp"
#include "engine/bulk_mode.hpp"
#include "engine/direct_read.hpp"
#include "engine/pending_writes.hpp"
#include "engine/read_ahead.hpp"
#include "engine/ring.hpp"
#include "engine/uring_compat.hpp"
#include "engine/user_data.hpp"
#include "engine/waiter.hpp"
#include "engine/wake_up.hpp"

namespace tunrelay {
namespace {

// Every write of a turn is one entry; more of them cost another system call.
constexpr unsigned kSubmissionEntries = 256;
// The sum of what can be pending: an arrival for each buffer that the kernel holds, a failure
// for each write, and a few ends of multishots. Twice that, so that it can't overflow.
constexpr unsigned kCompletionEntries = 2 * 512;
static_assert(kCompletionEntries >= 2 * (kMaxBatch + kSubmissionEntries));

class UringEngine final : public Engine {
 public:
  UringEngine(const EngineOptions& options, BufferArena& arena, std::span<const Endpoint> endpoints,
              int wake_fd, EngineCounters& counters)
      : arena_(arena),
        wake_fd_(wake_fd),
        counters_(counters),
        waiter_(options.spin),
        ring_(kSubmissionEntries, kCompletionEntries, files_of(endpoints, wake_fd),
              options.restrict_ring) {
    // A turn hands over all that the kernel has read, so the kernel may not read more.
    ensure(endpoints.size() * options.read_ahead <= kMaxBatch,
           "a turn holds all that was read ahead");
    std::copy(endpoints.begin(), endpoints.end(), endpoints_.begin());
    for (std::size_t index = 0; index < endpoints.size(); ++index)
      sources_.push_back({std::make_unique<BufferRing>(ring_, arena, index, options.read_ahead,
                                                       endpoints[index].read_offset),
                          ReadAhead(options.read_ahead)});
    if (options.restrict_ring) restrict_ring();
    arm_wake();
  }

  ~UringEngine() override { pending_.settle(outcomes_, arena_); }  // those never submitted
  UringEngine(const UringEngine&) = delete;
  UringEngine& operator=(const UringEngine&) = delete;

  [[nodiscard]] EngineKind kind() const noexcept override { return EngineKind::kUring; }
  [[nodiscard]] RingState ring_state() const override { return ring_state_; }

  void write(const Write& write) noexcept override {
    if (!write.parts.empty()) return write_at_once(write);
    has_written_ = true;
    if (!pending_.has_room_for(write)) flush();
    const auto [index, pieces] = pending_.add(write);
    io_uring_sqe* entry = next_entry();
    if (pieces.size() == 1)
      io_uring_prep_write(entry, write.endpoint, pieces[0].iov_base,
                          static_cast<unsigned>(pieces[0].iov_len), kCurrentPosition);
    else
      io_uring_prep_writev(entry, write.endpoint, pieces.data(),
                           static_cast<unsigned>(pieces.size()), kCurrentPosition);
    // NOWAIT: done inside the system call or refused, never left waiting; so the buffers are
    // ours again when it returns. Only a failure is worth a completion.
    entry->rw_flags = RWF_NOWAIT;
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(entry, user_data(Subject::kWrite, index));
  }

  void flush() noexcept override {
    if (pending_.empty()) return;
    gather(0);  // with the deferred work: that is how failures come
    reap();
    pending_.settle(outcomes_, arena_);
  }

  void turn(WaitLimit limit, Turn& turn) noexcept override {
    counters_.turns.add(1);
    // 1. Our writes go out, which is over when the call returns; their receivers have their turn.
    if (!pending_.empty()) {
      counters_.system_calls.add(1);
      ring_.submit();
      pending_.release_buffers(arena_);
    }
    if (std::exchange(has_written_, false)) {
      counters_.system_calls.add(1);
      waiter_.yield(last_arrivals_);
    }
    // 2. What was written is still in the cache: we, or the kernel for us, read into it next. But
    //    what came in beside a flush() is returned first, without a wait and without more behind
    //    it. So is a wake-up: its poll completes once for each signal.
    if (arrival_count_ == 0 && !woken_ && !read_ready()) limit = wait_for_a_buffer(limit);
    if (arrival_count_ != 0 || woken_) limit = 0;
    for (std::size_t index = 0; index < sources_.size(); ++index)
      if (arrival_count_ == 0) arm(index);
    // 3. Deferred reads come in, and we sleep if need be.
    const bool has_waited = arrival_count_ == 0 || !bulk_.is_on() || ring_.has_work();
    if (has_waited) wait(limit);
    if (ring_.overflowed()) counters_.completion_overflows.add(1);
    // 4. Copy the completions out; now the failures of our writes are known too.
    reap();
    pending_.settle(outcomes_, arena_);
    if (arrival_count_ == 0) static_cast<void>(read_ready());
    if (has_waited) waiter_.after(arrival_count_, arrived_bytes_);
    for (Source& source : sources_) source.read_ahead.end_turn();
    bulk_.end_turn();
    hand_over(turn);
  }

 private:
  struct Source {
    std::unique_ptr<BufferRing> buffers;
    ReadAhead read_ahead;
    bool armed = false;    ///< a multishot read is under way
    bool polled = false;   ///< a poll is
    bool is_ready = true;  ///< a packet may wait, as far as read_ready() knows
    int gone_errno = 0;    ///< Turn::gone_errno
  };

  static std::vector<int> files_of(std::span<const Endpoint> endpoints, int wake_fd) {
    ensure(endpoints.size() <= kMaxEndpoints, "an engine serves at most kMaxEndpoints endpoints");
    std::vector<int> files;
    for (const Endpoint& endpoint : endpoints) files.push_back(endpoint.fd);
    files.push_back(wake_fd);
    return files;
  }

  void restrict_ring() {
    const int refusal = ring_.enable_restricted();
    ring_state_ = {.is_restricted = refusal == 0,
                   .refusal = refusal == 0 ? "" : describe_errno(refusal)};
  }

  void write_at_once(const Write& write) noexcept {
    // What was queued before goes before: it may be of the same flow.
    if (!pending_.empty()) {
      counters_.system_calls.add(1);
      ring_.submit();
    }
    write_big(endpoints_[write.endpoint].fd, write, outcomes_[write.endpoint],
              counters_.system_calls);
    for (const BufferId buffer : write.buffers) arena_.release(buffer);
    has_written_ = true;
  }

  void wait(const WaitLimit& limit) noexcept {
    if (limit.ns != 0) ring_.submit();  // whoever only looks makes no system call
    bool gathered = false;
    waiter_.wait(
        limit, [this] { return ring_.has_work(); },
        [&](std::int64_t sleep_ns) {
          counters_.waits.add(1);
          gather(sleep_ns);
          return gathered = ring_.has_work();
        });
    if (!gathered) gather(0);
  }
  void gather(std::int64_t wait_ns) noexcept {
    counters_.system_calls.add(1);
    ring_.submit_and_wait(wait_ns);
  }

  io_uring_sqe* next_entry() noexcept {
    if (io_uring_sqe* entry = ring_.next_entry()) return entry;
    counters_.system_calls.add(1);
    ring_.submit();
    io_uring_sqe* entry = ring_.next_entry();
    ensure(entry != nullptr, "a submitted queue has room");
    return entry;
  }

  void arm_wake() noexcept {
    io_uring_sqe* entry = next_entry();
    // The last of files_of().
    io_uring_prep_poll_multishot(entry, static_cast<int>(sources_.size()), POLLIN);
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, user_data(Subject::kWake, 0));
    wake_armed_ = true;
  }

  /// The ring shall bring the next packet, or end the wait for it.
  void arm(std::size_t index) noexcept {
    Source& source = sources_[index];
    if (source.gone_errno != 0) return;
    if (!bulk_.is_on())
      arm_read(index);
    else if (!source.armed && !source.polled && !source.is_ready)
      arm_poll(index);
  }

  void arm_read(std::size_t index) noexcept {
    Source& source = sources_[index];
    source.buffers->refill(source.read_ahead.limit());
    // A read that finds no buffer would end at once.
    if (source.armed || source.buffers->held() == 0) return;
    io_uring_sqe* entry = next_entry();
    prep_read_multishot(entry, static_cast<int>(index), static_cast<unsigned short>(index));
    io_uring_sqe_set_data64(entry, user_data(Subject::kRead, static_cast<std::uint32_t>(index)));
    source.armed = true;
    counters_.rearms.add(1);
  }

  void arm_poll(std::size_t index) noexcept {
    io_uring_sqe* entry = next_entry();
    io_uring_prep_poll_add(entry, static_cast<int>(index), POLLIN);
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, user_data(Subject::kReady, static_cast<std::uint32_t>(index)));
    sources_[index].polled = true;
  }

  /// In bulk mode, what waits at the sources whose multishot read has ended: it gets no more
  /// buffers, and ends with the last one. Until then it alone reads, so that packets keep their
  /// order. False: there was no buffer for what waits.
  [[nodiscard]] bool read_ready() noexcept {
    bool has_buffers = true;
    if (!bulk_.is_on()) return has_buffers;
    for (std::size_t index = 0; index < sources_.size(); ++index) {
      Source& source = sources_[index];
      if (source.armed || !source.is_ready || source.gone_errno != 0) continue;
      const DirectRead read = read_waiting(
          endpoints_[index], static_cast<EndpointIndex>(index), kMaxBatch / sources_.size(), arena_,
          counters_.system_calls, [this](const Arrival& arrival) { arrive(arrival); });
      source.is_ready = !read.found_end;
      source.gone_errno = read.gone_errno;
      if (!read.lacks_buffer) continue;
      counters_.no_buffer.add(1);
      has_buffers = false;
    }
    return has_buffers;
  }

  void arrive(const Arrival& arrival) noexcept {
    arrivals_[arrival_count_++] = arrival;
    arrived_bytes_ += arrival.length;
    sources_[arrival.endpoint].read_ahead.note(arrival.length);
    bulk_.note(arrival.length);
  }

  void reap() noexcept {
    ring_.reap([this](const io_uring_cqe& completion) {
      const std::uint32_t index = index_of(completion.user_data);
      switch (subject_of(completion.user_data)) {
        case Subject::kRead:
          complete_read(static_cast<EndpointIndex>(index), completion);
          break;
        case Subject::kReady:
          sources_[index].polled = false;
          sources_[index].is_ready = true;
          break;
        case Subject::kWrite:
          pending_.fail(index, -completion.res);
          break;
        case Subject::kWake:
          ensure_errno(completion.res >= 0 || completion.res == -ECANCELED, -completion.res,
                       "poll the wake-up descriptor by io_uring");
          woken_ = true;
          wake_armed_ = (completion.flags & IORING_CQE_F_MORE) != 0;
          break;
      }
    });
  }

  void complete_read(EndpointIndex index, const io_uring_cqe& completion) noexcept {
    Source& source = sources_[index];
    // The end of a multishot loses nothing: packets wait in the device's queue.
    if ((completion.flags & IORING_CQE_F_MORE) == 0) {
      source.armed = false;
      source.is_ready = true;
    }
    if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
      const auto buffer = static_cast<BufferId>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
      source.buffers->taken();
      if (completion.res > 0) {
        arrive({index, buffer, static_cast<std::uint32_t>(completion.res)});
        return;
      }
      arena_.release(buffer);
    }
    if (completion.res == -ENOBUFS && bulk_.is_on()) return;  // as it was to end
    if (completion.res == -ENOBUFS)
      counters_.no_buffer.add(1);
    else if (completion.res != -EAGAIN && completion.res != -EINTR && completion.res != -ECANCELED)
      source.gone_errno = completion.res == 0 ? EPIPE : -completion.res;
  }

  void hand_over(Turn& turn) noexcept {
    turn.arrival_count = arrival_count_;
    std::copy_n(arrivals_.begin(), arrival_count_, turn.arrivals.begin());
    last_arrivals_ = std::exchange(arrival_count_, 0);
    arrived_bytes_ = 0;
    turn.writes = outcomes_;
    outcomes_ = {};
    for (std::size_t index = 0; index < sources_.size(); ++index)
      turn.gone_errno[index] = sources_[index].gone_errno;
    turn.woken = std::exchange(woken_, false);
    if (!turn.woken) return;
    drain_wake_up(wake_fd_, counters_.system_calls);
    if (!wake_armed_) arm_wake();
  }

  BufferArena& arena_;
  std::array<Endpoint, kMaxEndpoints> endpoints_{};
  int wake_fd_;
  EngineCounters& counters_;
  Waiter waiter_;
  BulkMode bulk_;
  Ring ring_;
  RingState ring_state_;
  std::vector<Source> sources_;
  PendingWrites pending_{kSubmissionEntries};
  std::array<Arrival, kMaxBatch> arrivals_;
  std::size_t arrival_count_ = 0;
  std::size_t arrived_bytes_ = 0;
  std::size_t last_arrivals_ = 0;  ///< returned at the end of the last turn
  std::array<WriteOutcome, kMaxEndpoints> outcomes_;
  bool has_written_ = false;  ///< since the last turn
  bool woken_ = false;
  bool wake_armed_ = false;
};

}  // namespace

std::unique_ptr<Engine> make_uring_engine(const EngineOptions& options, BufferArena& arena,
                                          std::span<const Endpoint> endpoints, int wake_fd,
                                          EngineCounters& counters) {
  return std::make_unique<UringEngine>(options, arena, endpoints, wake_fd, counters);
}

}  // namespace tunrelay
