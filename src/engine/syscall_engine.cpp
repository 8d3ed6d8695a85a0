// SPDX-License-Identifier: MIT
#include "engine/syscall_engine.hpp"

#include <sys/epoll.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "engine/big_write.hpp"
#include "engine/direct_read.hpp"
#include "engine/epoll_set.hpp"
#include "engine/waiter.hpp"
#include "engine/wake_up.hpp"
#include "engine/write_outcome.hpp"

namespace tunrelay {
namespace {

class SyscallEngine final : public Engine {
 public:
  SyscallEngine(const EngineOptions& options, BufferArena& arena,
                std::span<const Endpoint> endpoints, int wake_fd, EngineCounters& counters)
      : arena_(arena),
        endpoints_(endpoints.begin(), endpoints.end()),
        wake_fd_(wake_fd),
        counters_(counters),
        waiter_(options.spin),
        queues_(counters.system_calls) {
    ensure(endpoints.size() <= kMaxEndpoints, "an engine serves at most kMaxEndpoints endpoints");
    for (std::size_t index = 0; index < endpoints_.size(); ++index)
      queues_.add(endpoints_[index].fd, static_cast<std::uint32_t>(index));
    queues_.add(wake_fd_, kWake);
  }

  [[nodiscard]] EngineKind kind() const noexcept override { return EngineKind::kSyscall; }

  void write(const Write& write) noexcept override {
    const int fd = endpoints_[write.endpoint].fd;
    WriteOutcome& outcome = outcomes_[write.endpoint];
    if (!write.parts.empty())
      write_big(fd, write, outcome, counters_.system_calls);
    else if (const int error = write_pieces(fd, write.pieces, counters_.system_calls); error != 0)
      outcome.drop(drop_reason_of_write(error), write.tally, write.merged);
    else
      outcome.written += write.tally;
    for (const BufferId buffer : write.buffers) arena_.release(buffer);
  }

  void flush() noexcept override {}

  void turn(WaitLimit limit, Turn& turn) noexcept override {
    counters_.turns.add(1);
    if (turn.arrival_count != 0) {
      counters_.system_calls.add(1);
      waiter_.yield(turn.arrival_count);  // to whoever receives what was just written
    }
    turn.arrival_count = 0;
    turn.woken = false;
    turn.writes = std::exchange(outcomes_, {});
    // Without a free buffer a readable endpoint would end every wait at once.
    const bool can_read = arena_.free_slots() > 0;
    if (!can_read) counters_.no_buffer.add(1);
    if (!can_read) limit = wait_for_a_buffer(limit);
    wait(limit);
    read_ready(turn);
    note_wait(turn);
    turn.gone_errno = gone_errno_;
  }

 private:
  static constexpr std::uint32_t kWake = kMaxEndpoints;

  /// Whether something is ready within WAIT_NS (negative: without limit).
  bool look(std::int64_t wait_ns) noexcept {
    ready_count_ = queues_.wait(wait_ns, ready_);
    return ready_count_ > 0;
  }

  void note_wait(const Turn& turn) noexcept {
    std::size_t bytes = 0;
    for (std::size_t at = 0; at < turn.arrival_count; ++at) bytes += turn.arrivals[at].length;
    waiter_.after(turn.arrival_count, bytes);
  }

  void wait(const WaitLimit& limit) noexcept {
    const auto sleep = [this](std::int64_t sleep_ns) {
      counters_.waits.add(1);
      return look(sleep_ns);
    };
    waiter_.wait(
        limit, [this] { return look(0); }, sleep);
  }

  void read_ready(Turn& turn) noexcept {
    // Each ready endpoint gets its share of the turn, so that one flood can't keep the
    // other direction waiting.
    const auto ready = std::span(ready_).first(ready_count_);
    const auto endpoints_ready = static_cast<std::size_t>(
        std::count_if(ready.begin(), ready.end(),
                      [](const epoll_event& event) { return event.data.u32 != kWake; }));
    for (const epoll_event& event : ready) {
      if (event.data.u32 == kWake) {
        turn.woken = drain_wake_up(wake_fd_, counters_.system_calls);
      } else {
        drain(static_cast<EndpointIndex>(event.data.u32), kMaxBatch / endpoints_ready, turn);
      }
    }
  }

  void drain(EndpointIndex index, std::size_t share, Turn& turn) noexcept {
    const std::size_t most = std::min(share, kMaxBatch - turn.arrival_count);
    const DirectRead read = read_waiting(
        endpoints_[index], index, most, arena_, counters_.system_calls,
        [&turn](const Arrival& arrival) { turn.arrivals[turn.arrival_count++] = arrival; });
    if (read.gone_errno != 0) give_up(index, read.gone_errno);
  }

  void give_up(EndpointIndex index, int error) noexcept {
    gone_errno_[index] = error;
    queues_.remove(endpoints_[index].fd);
  }

  BufferArena& arena_;
  std::vector<Endpoint> endpoints_;
  int wake_fd_;
  EngineCounters& counters_;
  Waiter waiter_;
  EpollSet queues_;
  std::array<epoll_event, kMaxEndpoints + 1> ready_{};
  std::size_t ready_count_ = 0;
  std::array<WriteOutcome, kMaxEndpoints> outcomes_;
  std::array<int, kMaxEndpoints> gone_errno_{};
};

}  // namespace

std::unique_ptr<Engine> make_syscall_engine(const EngineOptions& options, BufferArena& arena,
                                            std::span<const Endpoint> endpoints, int wake_fd,
                                            EngineCounters& counters) {
  return std::make_unique<SyscallEngine>(options, arena, endpoints, wake_fd, counters);
}

}  // namespace tunrelay
