// SPDX-License-Identifier: MIT
#include "cli/gen_intervals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/gen_text.hpp"
#include "metrics/hdr_log.hpp"
#include "metrics/histogram.hpp"
#include "os/print.hpp"

namespace tunrelay {

GenIntervals::GenIntervals(const std::string& length, const LoadSpec& spec)
    : tells_(length != "0"),
      length_ns_(tells_ ? parse_duration_ns(length) : kNanosecondsPerSecond),
      spec_(spec) {
  if (length_ns_ <= 0)
    throw_usage_error("read --interval", "'" + length + "'", "it is not a time",
                      "give a time such as 500ms, or 0 for no lines");
  for (std::size_t direction = 0; direction < 2; ++direction) {
    if (!spec.has(direction)) continue;
    directions_.push_back(direction);
    rates_.push_back({.name = direction_prefix(direction) + "throughput",
                      .unit = "bits_per_s",
                      .start_s = 0,
                      .interval_s = static_cast<double>(length_ns_) / 1e9,
                      .values = {}});
  }
}

void GenIntervals::take(const IntervalReport& interval) {
  if (tells_) print_wrapped(stderr, interval_lines(interval, spec_));
  const double seconds = interval.end_s - interval.begin_s;
  end_s_ = interval.end_s;
  // The points of a series stand at equal distances: what is much shorter has no place there.
  if (seconds * 1e9 < static_cast<double>(length_ns_) / 2) return;
  for (std::size_t at = 0; at < rates_.size(); ++at) {
    const auto bytes = interval.directions.at(directions_[at]).received_bytes;
    rates_[at].values.push_back(8 * static_cast<double>(bytes) / seconds);
  }
}

std::string latency_log_lines(const IntervalReport& interval) {
  std::string lines;
  const auto add = [&](const std::string& name, const std::optional<Histogram>& delays) {
    if (!delays || delays->count() == 0) return;
    lines += hdr_log_line({.tag = name + "/" + kSubject,
                           .start_s = std::max(0.0, interval.begin_s),
                           .length_s = interval.end_s - interval.begin_s,
                           .histogram = *delays});
  };
  for (std::size_t direction = 0; direction < interval.directions.size(); ++direction) {
    const std::string prefix = direction_prefix(direction);
    add(prefix + "one_way", interval.directions.at(direction).one_way);
    add(prefix + "round_trip", interval.directions.at(direction).round_trip);
  }
  return lines;
}

}  // namespace tunrelay
