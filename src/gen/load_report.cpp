// SPDX-License-Identifier: MIT
#include "gen/load_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

/// A schedule that was kept sends all of it; a thousandth may be cut off at the end.
constexpr double kMinOfTheSchedule = 0.999;

std::string fault_of(const LoadSpec& spec, const SendReport& sent) {
  if (sent.failed != 0 && sent.messages == 0)
    return fmt::format("nothing could be sent: {}", describe_errno(sent.last_errno));
  if (sent.stopped && sent.failed != 0)
    return fmt::format("the peer is gone: {}", describe_errno(sent.last_errno));
  if (!spec.is_paced()) return sent.stopped ? "the sender was held up until it was cut off" : "";
  const double scheduled =
      spec.count != 0 ? static_cast<double>(spec.count)
                      : spec.target_messages_per_s() * static_cast<double>(spec.duration_ns) / 1e9;
  if (static_cast<double>(sent.messages) < std::floor(scheduled * kMinOfTheSchedule) - 1 ||
      sent.stopped)
    return fmt::format("the sender could not keep the rate: it sent {} of {} messages",
                       format_count(sent.messages),
                       format_count(static_cast<std::uint64_t>(scheduled)));
  const auto slip_ns = sent.slip.value_at_percentile(99);
  if (slip_ns > spec.slip_limit_ns)
    return fmt::format(
        "the sender could not keep the rate: one send in a hundred was {} late or more; the limit "
        "is {}",
        format_duration(static_cast<double>(slip_ns)),
        format_duration(static_cast<double>(spec.slip_limit_ns)));
  return "";
}

}  // namespace

SendReport& SendReport::operator+=(const SendReport& other) noexcept {
  messages += other.messages;
  bytes += other.bytes;
  failed += other.failed;
  if (other.last_errno != 0) last_errno = other.last_errno;
  stopped = stopped || other.stopped;
  slip += other.slip;
  last_slip_ns = std::max(last_slip_ns, other.last_slip_ns);
  return *this;
}

ReceiveReport& ReceiveReport::operator+=(const ReceiveReport& other) noexcept {
  // The mean of all flows: threads have as many of them, give or take one.
  jitter_ns = delay.count() + other.delay.count() == 0
                  ? 0
                  : (jitter_ns * static_cast<double>(delay.count()) +
                     other.jitter_ns * static_cast<double>(other.delay.count())) /
                        static_cast<double>(delay.count() + other.delay.count());
  sequence += other.sequence;
  bytes += other.bytes;
  corrupt += other.corrupt;
  unexpected += other.unexpected;
  socket_dropped += other.socket_dropped;
  window_messages += other.window_messages;
  window_bytes += other.window_bytes;
  window_ns = std::max(window_ns, other.window_ns);
  delay += other.delay;
  delay_back += other.delay_back;
  return *this;
}

void judge_trial(TrialReport& report) {
  for (std::size_t direction = 0; direction < report.directions.size(); ++direction)
    if (report.has(direction) && report.invalid_reason.empty())
      report.invalid_reason = fault_of(report.spec, report.directions[direction].sent);
}

double throughput_bits_per_s(const ReceiveReport& report) noexcept {
  return report.window_ns <= 0 ? 0
                               : 8e9 * static_cast<double>(report.window_bytes) /
                                     static_cast<double>(report.window_ns);
}

double messages_per_s(const ReceiveReport& report) noexcept {
  return report.window_ns <= 0 ? 0
                               : 1e9 * static_cast<double>(report.window_messages) /
                                     static_cast<double>(report.window_ns);
}

double loss_ratio(const DirectionReport& report) noexcept {
  if (report.sent.messages == 0) return 0;
  const std::uint64_t distinct = report.received.sequence.received;
  return 1 - static_cast<double>(std::min(distinct, report.sent.messages)) /
                 static_cast<double>(report.sent.messages);
}

}  // namespace tunrelay
