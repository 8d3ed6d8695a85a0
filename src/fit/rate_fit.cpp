// SPDX-License-Identifier: MIT
#include "fit/rate_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/exact_units.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMinPackets = 200;
constexpr std::int64_t kPacketsAnInterval = 30;
constexpr std::int64_t kMinIntervalNs = 20 * kNanosecondsPerMillisecond;
constexpr std::size_t kMinIntervals = 10;
constexpr std::size_t kMinFull = 5;
constexpr std::size_t kMinArrivals = 3;
constexpr std::size_t kMinInARow = 3;
constexpr std::int64_t kMinWaitNs = kNanosecondsPerMillisecond;
constexpr std::int64_t kWaitOfDelay = 50;
constexpr double kAlike = 0.1;

struct Interval {
  std::uint64_t bytes = 0;
  std::size_t packets = 0;
  std::int64_t least_wait_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = 0;  ///< the last arrival
  // Of what was sent one after the other: the sum of the waits, and of their differences.
  double waits_ns = 0;
  double steps_ns = 0;
  std::int64_t last_wait_ns = -1;

  void count(const SentPacket& packet, std::int64_t wait_ns) {
    bytes += packet.bytes;
    ++packets;
    least_wait_ns = std::min(least_wait_ns, wait_ns);
    last_ns = std::max(last_ns, packet.sent_ns + *packet.delay_ns);
    waits_ns += static_cast<double>(wait_ns);
    if (last_wait_ns >= 0) steps_ns += static_cast<double>(std::abs(wait_ns - last_wait_ns));
    last_wait_ns = wait_ns;
  }
  /// A queue's waits are about as long as their neighbours; jitter is now long, now short.
  [[nodiscard]] bool is_full(std::int64_t min_wait_ns) const {
    const double mean_ns = waits_ns / static_cast<double>(std::max<std::size_t>(packets, 1));
    return packets >= kMinArrivals && least_wait_ns >= min_wait_ns &&
           static_cast<double>(least_wait_ns) >= mean_ns / 2 &&
           steps_ns / static_cast<double>(packets - 1) <= mean_ns / 4;
  }
};

/// Intervals in which the link was full, one after the other, as one rate.
struct Stretch {
  std::size_t first = 0;  ///< interval
  std::size_t last = 0;
  double bits_per_s = 0;
  double weight = 1;  ///< how many intervals it is the mean of
  double begin = 0;   ///< in intervals, where the link took this rate
};

double difference(const Stretch& left, const Stretch& right) {
  return std::abs(left.bits_per_s - right.bits_per_s) / std::min(left.bits_per_s, right.bits_per_s);
}

void merge_into(Stretch& stretch, const Stretch& next) {
  const double weight = stretch.weight + next.weight;
  stretch.bits_per_s =
      (stretch.bits_per_s * stretch.weight + next.bits_per_s * next.weight) / weight;
  stretch.weight = weight;
  stretch.first = std::min(stretch.first, next.first);
  stretch.last = std::max(stretch.last, next.last);
  stretch.begin = std::min(stretch.begin, next.begin);
}

/// Merges the most alike neighbours, until no two are alike.
void merge_alike(std::vector<Stretch>& stretches) {
  while (stretches.size() > 1) {
    std::size_t best = 0;
    for (std::size_t at = 1; at + 1 < stretches.size(); ++at)
      if (difference(stretches[at], stretches[at + 1]) <
          difference(stretches[best], stretches[best + 1]))
        best = at;
    if (difference(stretches[best], stretches[best + 1]) > kAlike) return;
    merge_into(stretches[best], stretches[best + 1]);
    stretches.erase(stretches.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

bool lies_between(const Stretch& one, const Stretch& left, const Stretch& right) {
  return one.bits_per_s > std::min(left.bits_per_s, right.bits_per_s) &&
         one.bits_per_s < std::max(left.bits_per_s, right.bits_per_s);
}

std::uint64_t rounded(double bits_per_s) {
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(bits_per_s)) - 3));
  return static_cast<std::uint64_t>(std::llround(std::round(bits_per_s / unit) * unit));
}

/// Fills a RateFit from what arrived.
class RateFitter {
 public:
  std::optional<RateFit> fit(const SentPackets& packets) {
    if (!cut(packets)) return std::nullopt;
    find_full();
    const auto full =
        static_cast<std::size_t>(std::count(fit_.full.begin(), fit_.full.end(), true));
    if (full < kMinFull) return std::nullopt;
    fit_.full_ratio = static_cast<double>(full) / static_cast<double>(intervals_.size());
    make_steps();
    for (const SentPacket& packet : packets)
      if (!packet.arrived && packet.bytes != 0 && fit_.met_full_link(packet))
        fit_.has_losses_when_full = true;
    return fit_;
  }

 private:
  /// Into intervals; false where there are too few packets for that.
  bool cut(const SentPackets& packets) {
    std::size_t arrived = 0;
    std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();
    fit_.least_delay_ns = std::numeric_limits<std::int64_t>::max();
    for (const SentPacket& packet : packets) {
      if (!packet.delay_ns || packet.bytes == 0) continue;
      ++arrived;
      first_ns = std::min(first_ns, packet.sent_ns + *packet.delay_ns);
      last_ns = std::max(last_ns, packet.sent_ns + *packet.delay_ns);
      fit_.least_delay_ns = std::min(fit_.least_delay_ns, *packet.delay_ns);
    }
    if (arrived < kMinPackets) return false;
    const std::int64_t span_ns = last_ns - first_ns;
    fit_.interval_ns =
        std::max(kMinIntervalNs, span_ns / static_cast<std::int64_t>(arrived) * kPacketsAnInterval);
    fit_.first_arrival_ns = first_ns;
    origin_ns_ = packets.front().sent_ns;
    // Those that are whole.
    intervals_.resize(static_cast<std::size_t>(span_ns / fit_.interval_ns));
    if (intervals_.size() < kMinIntervals) return false;
    for (const SentPacket& packet : packets) {
      if (!packet.delay_ns || packet.bytes == 0) continue;
      const std::int64_t wait_ns = *packet.delay_ns - fit_.least_delay_ns;
      fit_.longest_wait_ns = std::max(fit_.longest_wait_ns, wait_ns);
      const auto at = static_cast<std::size_t>((packet.sent_ns + *packet.delay_ns - first_ns) /
                                               fit_.interval_ns);
      if (at >= intervals_.size()) continue;
      intervals_[at].count(packet, wait_ns);
    }
    return true;
  }

  void find_full() {
    const std::int64_t wait_ns = std::max(kMinWaitNs, fit_.least_delay_ns / kWaitOfDelay);
    for (const Interval& one : intervals_) fit_.full.push_back(one.is_full(wait_ns));
    // One or two in a row may be chance.
    for (std::size_t begin = 0; begin < fit_.full.size();) {
      std::size_t end = begin;
      while (end < fit_.full.size() && fit_.full[end] == fit_.full[begin]) ++end;
      if (fit_.full[begin] && end - begin < kMinInARow)
        std::fill(fit_.full.begin() + static_cast<std::ptrdiff_t>(begin),
                  fit_.full.begin() + static_cast<std::ptrdiff_t>(end), false);
      begin = end;
    }
  }

  /// Of a full one. From the last packet before it to its own last one, the link had no pause,
  /// where the one before was full too; else as if that were all of the interval.
  [[nodiscard]] double rate_of(std::size_t at) const {
    const bool goes_on = at != 0 && fit_.full[at - 1];
    const std::int64_t time_ns =
        goes_on ? intervals_[at].last_ns - intervals_[at - 1].last_ns : fit_.interval_ns;
    return 8.0 * static_cast<double>(intervals_[at].bytes) * kNanosecondsPerSecond /
           static_cast<double>(time_ns);
  }

  void make_steps() {
    std::vector<Stretch> stretches;
    for (std::size_t at = 0; at < intervals_.size(); ++at)
      if (fit_.full[at]) stretches.push_back({at, at, rate_of(at), 1, static_cast<double>(at)});
    merge_alike(stretches);
    absorb_single(stretches);
    // Those that a single one had kept apart.
    merge_alike(stretches);
    for (std::size_t at = 0; at < stretches.size(); ++at) {
      const double since_first_ns = stretches[at].begin * static_cast<double>(fit_.interval_ns);
      // An interval is by arrival, a step by when the link changes: earlier by the least delay.
      const std::int64_t at_ns =
          std::llround(since_first_ns) + fit_.first_arrival_ns - fit_.least_delay_ns - origin_ns_;
      fit_.steps.push_back(
          {at == 0 ? 0 : std::max<std::int64_t>(0, at_ns), rounded(stretches[at].bits_per_s)});
    }
    double away = 0;
    double count = 0;
    for (std::size_t interval = 0, at = 0; interval < intervals_.size(); ++interval) {
      while (at + 1 < stretches.size() && interval >= stretches[at + 1].first) ++at;
      const bool is_inside = interval >= stretches[at].first && interval <= stretches[at].last;
      if (!fit_.full[interval] || !is_inside) continue;
      away += std::abs(rate_of(interval) / stretches[at].bits_per_s - 1);
      ++count;
    }
    fit_.deviation = count == 0 ? 0 : away / count;
  }

  /// One interval alone does not make a step: where it lies between its neighbours, the step
  /// happens within it; else it belongs to the nearer of them.
  static void absorb_single(std::vector<Stretch>& stretches) {
    for (std::size_t at = 0; at < stretches.size() && stretches.size() > 1;) {
      if (stretches[at].weight > 1) {
        ++at;
        continue;
      }
      const Stretch single = stretches[at];
      const bool has_left = at != 0;
      const bool has_right = at + 1 != stretches.size();
      if (has_left && has_right && lies_between(single, stretches[at - 1], stretches[at + 1])) {
        const double left = stretches[at - 1].bits_per_s;
        const double right = stretches[at + 1].bits_per_s;
        stretches[at + 1].begin = single.begin + (single.bits_per_s - right) / (left - right);
      } else if (has_left && (!has_right || difference(single, stretches[at - 1]) <=
                                                difference(single, stretches[at + 1]))) {
        merge_into(stretches[at - 1], single);
      } else {
        merge_into(stretches[at + 1], single);
      }
      stretches.erase(stretches.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  RateFit fit_;
  std::int64_t origin_ns_ = 0;
  std::vector<Interval> intervals_;
};

}  // namespace

bool RateFit::met_full_link(const SentPacket& packet) const noexcept {
  const std::int64_t since_ns =
      packet.sent_ns + packet.delay_ns.value_or(least_delay_ns) - first_arrival_ns;
  if (full.empty() || since_ns < 0) return false;
  // Neighbours of a full interval may have a part of its queue.
  const auto at = std::min(static_cast<std::size_t>(since_ns / interval_ns), full.size() - 1);
  return full[at] || (at != 0 && full[at - 1]) || (at + 1 < full.size() && full[at + 1]);
}

std::optional<RateFit> fit_rate(const SentPackets& packets) {
  return RateFitter().fit(packets);
}

std::string rate_steps_text(const RateFit& fit, const std::string& from) {
  std::string text = "# " + clean_line(from) + "\n";
  for (const RateFit::Step& step : fit.steps)
    text += print_duration(step.at_ns) + " " + print_rate(step.bits_per_s) + "\n";
  return text;
}

}  // namespace tunrelay
