// SPDX-License-Identifier: MIT
#include "gen/receive_statistics.hpp"

#include <algorithm>
#include <cstring>

namespace tunrelay {
namespace {

/// Positions that all trackers of a thread remember together: 4 MiB.
constexpr std::size_t kPositions = std::size_t{1} << 20U;
constexpr std::size_t kMinPositions = 1024;
constexpr std::size_t kMaxPositions = std::size_t{1} << 18U;

std::size_t share_of(std::size_t flows, std::size_t threads, std::size_t thread) {
  return flows / threads + (thread < flows % threads ? 1 : 0);
}

/// A message carries the lower half of its number: the one of that half next to LAST, which then
/// becomes it. (As TCP compares sequence numbers, RFC 9293 section 3.4.)
std::uint64_t unwrap(std::uint32_t low, std::uint64_t& last) noexcept {
  const auto distance = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(last));
  if (distance < 0 && last < static_cast<std::uint64_t>(-static_cast<std::int64_t>(distance)))
    return low;
  last += static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
  return last;
}

}  // namespace

ReceiveStatistics::ReceiveStatistics(const LoadSpec& spec, const PayloadPattern& pattern,
                                     std::uint16_t trial, std::size_t thread, bool responses)
    : spec_(spec), pattern_(pattern), trial_(trial), thread_(thread), responses_(responses) {
  const std::size_t flows = share_of(spec.flows, spec.threads, thread);
  const std::size_t positions =
      std::clamp(kPositions / std::max<std::size_t>(flows, 1), kMinPositions, kMaxPositions);
  trackers_.reserve(flows);
  for (std::size_t flow = 0; flow < flows; ++flow) trackers_.emplace_back(positions);
  jitters_.resize(flows);
  last_sequences_.resize(flows);
}

bool ReceiveStatistics::take(const MessageHeader& header, std::uint32_t size_bytes, bool intact,
                             std::int64_t reflected_ns, std::int64_t now_ns) noexcept {
  if (header.trial() != trial_ || header.flow >= spec_.flows ||
      header.flow % spec_.threads != thread_) {
    unexpected_.add(1);
    return false;
  }
  live_.messages.add(1);
  live_.bytes.add(size_bytes);
  if (!header.counts()) return true;
  const std::size_t index = header.flow / spec_.threads;
  SequenceTracker& tracker = trackers_[index];
  const std::uint64_t known = tracker.received();
  tracker.record(unwrap(header.sequence, last_sequences_[index]));
  live_.counted.add(tracker.received() - known);
  bytes_.add(size_bytes);
  if (!intact) corrupt_.add(1);
  const std::int64_t delay_ns = now_ns - header.intended_ns;
  delay_.record(delay_ns);
  if (delay_ns > static_cast<std::int64_t>(live_.longest_delay_ns.get()))
    live_.longest_delay_ns.set(static_cast<std::uint64_t>(delay_ns));
  jitters_[index].record(header.intended_ns, now_ns);
  if (reflected_ns != 0) delay_back_.record(now_ns - reflected_ns);
  const auto now = static_cast<std::uint64_t>(now_ns);
  if (window_begin_ns_.get() == 0) window_begin_ns_.set(now);
  last_ns_.set(now);
  if (now - window_begin_ns_.get() <= static_cast<std::uint64_t>(spec_.duration_ns)) {
    window_messages_.add(1);
    window_bytes_.add(size_bytes);
  }
  return true;
}

bool ReceiveStatistics::take_datagram(std::span<const std::byte> datagram,
                                      std::int64_t now_ns) noexcept {
  if (datagram.size() < kMessageHeaderBytes) {
    unexpected_.add(1);
    return false;
  }
  const MessageHeader header = load_message_header(datagram.data());
  std::span<const std::byte> payload = datagram.subspan(kMessageHeaderBytes);
  const std::byte* expected = pattern_.of(header.flow, header.sequence);
  std::int64_t reflected_ns = 0;
  if (responses_ && payload.size() >= kReflectedBytes) {
    std::memcpy(&reflected_ns, payload.data(), kReflectedBytes);
    payload = payload.subspan(kReflectedBytes);
    expected += kReflectedBytes;
  }
  // A datagram longer than any of ours is not a match, and the pattern has no such length.
  const bool intact = payload.size() <= pattern_.most_bytes() &&
                      std::memcmp(payload.data(), expected, payload.size()) == 0;
  return take(header, static_cast<std::uint32_t>(datagram.size()), intact, reflected_ns, now_ns);
}

ReceiveReport ReceiveStatistics::report() const {
  ReceiveReport report;
  report.bytes = bytes_.get();
  report.corrupt = corrupt_.get();
  report.unexpected = unexpected_.get();
  report.socket_dropped = socket_dropped_.get();
  report.window_messages = window_messages_.get();
  report.window_bytes = window_bytes_.get();
  report.delay = delay_.copy_while_recorded();
  report.delay_back = delay_back_.copy_while_recorded();
  double jitter_ns = 0;
  for (const SequenceTracker& tracker : trackers_) report.sequence += tracker.totals();
  for (const InterarrivalJitter& jitter : jitters_) jitter_ns += jitter.value_ns();
  report.jitter_ns = jitters_.empty() ? 0 : jitter_ns / static_cast<double>(jitters_.size());
  // A trial that ends by its count, or that was stopped, is shorter than its duration.
  const std::uint64_t last_ns = last_ns_.get();
  report.window_ns =
      std::min(spec_.duration_ns, static_cast<std::int64_t>(last_ns - window_begin_ns_.get()));
  if (spec_.count == 0 && last_ns != 0) report.window_ns = spec_.duration_ns;
  return report;
}

}  // namespace tunrelay
