// SPDX-License-Identifier: MIT
#include "gen/sender.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>

#include "gen/pacer.hpp"
#include "gen/schedule.hpp"

namespace tunrelay {
namespace {

/// The flows of THREAD when FLOWS are dealt to THREADS in turn.
std::size_t flows_of(std::size_t flows, std::size_t threads, std::size_t thread) {
  return flows / threads + (thread < flows % threads ? 1 : 0);
}

/// The peer is gone: going on makes no sense. Others (ENOBUFS, EPERM of a firewall) may pass.
bool ends_the_sender(int error) {
  return error == EPIPE || error == ECONNRESET || error == ECANCELED || error == EBADF ||
         error == ENOTCONN;
}

}  // namespace

Sender::Sender(const LoadSpec& spec, const SenderShare& share, SocketSender& socket_sender,
               const std::atomic<bool>& stop)
    : spec_(spec),
      share_(share),
      socket_sender_(socket_sender),
      stop_(stop),
      count_from_ns_(share.begin_ns + spec.warm_up_ns),
      end_ns_(count_from_ns_ + spec.duration_ns),
      sequences_(flows_of(spec.flows, spec.threads, share.thread)),
      warm_up_sequences_(sequences_.size()) {}

std::uint64_t Sender::own_count() const noexcept {
  if (spec_.count == 0) return std::numeric_limits<std::uint64_t>::max();
  return spec_.count / spec_.threads + (share_.thread < spec_.count % spec_.threads ? 1 : 0);
}

void Sender::run() noexcept {
  Pacer::prepare();
  const std::uint64_t most = own_count();
  const auto threads = static_cast<double>(spec_.threads);
  std::optional<Schedule> schedule;
  if (spec_.is_paced()) {
    // Threads stand between each other, so that the sum is even too.
    const double sends_per_s = spec_.target_messages_per_s() / threads / spec_.segments;
    const double phase_ns = static_cast<double>(kNanosecondsPerSecond) / sends_per_s *
                            static_cast<double>(share_.thread) / threads;
    schedule.emplace(share_.begin_ns + static_cast<std::int64_t>(phase_ns), sends_per_s);
  }
  std::int64_t now_ns = Pacer::wait_until(share_.begin_ns, stop_);
  for (std::uint64_t number = 0; live_.counted.get() < most; ++number) {
    if (stop_.load(std::memory_order_relaxed)) {
      stopped_.store(true, std::memory_order_relaxed);
      return;
    }
    std::int64_t intended_ns = now_ns = monotonic_ns();
    if (schedule) {
      intended_ns = schedule->due_ns(number);
      if (intended_ns >= end_ns_) return;
      if (now_ns < intended_ns) now_ns = Pacer::wait_until(intended_ns, stop_);
      // A sender that can't keep up must end some time.
      if (now_ns >= end_ns_ + spec_.duration_ns) {
        stopped_.store(true, std::memory_order_relaxed);
        return;
      }
    } else if (now_ns >= end_ns_) {
      return;
    }
    if (!send_one(number, intended_ns, now_ns)) return;
  }
}

bool Sender::send_one(std::uint64_t number, std::int64_t intended_ns,
                      std::int64_t now_ns) noexcept {
  const std::size_t index = number % sequences_.size();
  // Each flow has all sizes, in turn, and flows begin at different ones.
  const std::size_t turn = number / sequences_.size() + index;
  const std::uint32_t size_bytes = spec_.payload_bytes[turn % spec_.payload_bytes.size()];
  const bool counts = intended_ns >= count_from_ns_;
  std::uint32_t& sequence = counts ? sequences_[index] : warm_up_sequences_[index];
  const MessageHeader header{
      .tag = static_cast<std::uint16_t>(share_.trial | (counts ? kCountsBit : 0)),
      .flow = static_cast<std::uint16_t>(share_.thread + index * spec_.threads),
      .sequence = sequence,
      .intended_ns = intended_ns};
  const int error = socket_sender_.send(index, header, size_bytes, spec_.segments);
  if (error == 0) {
    sequence += spec_.segments;
    live_.messages.add(spec_.segments);
    live_.bytes.add(std::uint64_t{size_bytes} * spec_.segments);
  }
  if (!counts && !ends_the_sender(error)) return true;
  if (error == 0) {
    const std::int64_t slip_ns = std::max<std::int64_t>(now_ns - intended_ns, 0);
    last_slip_ns_.set(static_cast<std::uint64_t>(slip_ns));
    slip_.record(slip_ns);
    live_.counted.add(spec_.segments);
    bytes_.add(std::uint64_t{size_bytes} * spec_.segments);
    return true;
  }
  // A message that the end of time overtook was cut off by us, not refused.
  if (error == ECANCELED) {
    stopped_.store(true, std::memory_order_relaxed);
    return false;
  }
  failed_.add(1);
  last_errno_.set(static_cast<std::uint64_t>(error));
  const bool ends = ends_the_sender(error);
  stopped_.store(ends, std::memory_order_relaxed);
  return !ends;
}

SendReport Sender::report() const {
  return {.messages = live_.counted.get(),
          .bytes = bytes_.get(),
          .failed = failed_.get(),
          .last_errno = static_cast<int>(last_errno_.get()),
          .stopped = stopped_.load(std::memory_order_relaxed),
          .slip = slip_.copy_while_recorded(),
          .last_slip_ns = static_cast<std::int64_t>(last_slip_ns_.get())};
}

}  // namespace tunrelay
