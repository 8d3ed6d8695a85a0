// SPDX-License-Identifier: MIT
// What a trial of the generator came to, as samples of a Result.
#pragma once

#include <cstdint>
#include <string>

#include "gen/load_report.hpp"
#include "result/result.hpp"

namespace tunrelay {

/// Where a trial stands in a run.
struct TrialPlace {
  std::string load;  ///< begins its metrics' names: "udp_64"; empty: the names alone
  std::string path = kSubject;
  std::uint32_t round = 0;
  double at_s = 0;  ///< since the run began
  /// Keep the latencies of an invalid trial, too: for a result that has nothing else.
  bool invalid_latencies = false;
};

/// Adds a sample to each metric that the trial has: `throughput`, `messages`, `loss`,
/// `duplicates`, `reordered`, `one_way_p50`, `round_trip_p99` and so on, with `reverse_` before
/// those of the way back; and its latencies to the distributions. An invalid trial gives invalid
/// samples and no latencies, unless PLACE wants them.
void add_trial(Result& result, const TrialPlace& place, const TrialReport& trial);

}  // namespace tunrelay
