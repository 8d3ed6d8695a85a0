// SPDX-License-Identifier: MIT
// A trial: one load between two ends, from opening the sockets to the report.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/ip_address.hpp"
#include "gen/load_end.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"

namespace tunrelay {

/// What went on since the last report; warm-up included.
struct IntervalReport {
  struct Flow {
    std::uint64_t sent_messages = 0, sent_bytes = 0;
    std::uint64_t received_messages = 0, received_bytes = 0;
    /// With TrialOptions::interval_reports, behind the warm-up.
    std::optional<Histogram> one_way, round_trip;
  };
  double begin_s = 0;  ///< since the trial's first message
  double end_s = 0;
  std::array<Flow, 2> directions;  ///< forward, reverse
  /// With TrialOptions::interval_reports: what the trial would come to if it were cut short now.
  /// What is under way counts as sent, and not as received.
  std::optional<TrialReport> so_far;
};

struct TrialOptions {
  std::int64_t interval_ns = kNanosecondsPerSecond;
  /// Intervals have their delays and all that was found so far, too; a remote end gets a request
  /// for them. Should that end die, what it has reported last is kept.
  bool interval_reports = false;
  /// Called each interval, and once more for what is left when the sending has ended, by the thread
  /// that runs the trial.
  std::function<void(const IntervalReport&)> on_interval;
  /// Called every few milliseconds by the same thread. True: the trial is cut short.
  std::function<bool()> is_stopping;
};

/// Sends from A to B (`forward`), or as the spec says. Throws Error when sockets can't be had or
/// an end can't be reached before the first message; what goes wrong later stands in the report.
[[nodiscard]] TrialReport run_trial(const LoadSpec& spec, LoadEnd& a, LoadEnd& b,
                                    const TrialOptions& options = {});
/// Both ends in this process, between two addresses of this network namespace.
[[nodiscard]] TrialReport run_trial(const LoadSpec& spec, const IpAddress& a, const IpAddress& b,
                                    const TrialOptions& options = {});

}  // namespace tunrelay
