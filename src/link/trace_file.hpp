// SPDX-License-Identifier: MIT
// What files say of how fast a link is over time: mahimahi's packet-delivery traces, and steps of
// rate. Blank lines and what follows a # are skipped in both. What is wrong is a usage Error that
// names the file and the line. Both take a file that was read (link/stage_files.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "link/description.hpp"
#include "stage/link_pace.hpp"

namespace tunrelay {

/// A line an opportunity to deliver 1504 bytes: its time in milliseconds, ascending, whole as
/// mahimahi writes them or with up to six decimals. The last one, over 0, is the trace's length,
/// after which it repeats. Returns the times in nanoseconds.
[[nodiscard]] std::vector<std::int64_t> parse_delivery_trace(const StageFile& file);

struct RateSteps {
  std::vector<RatePace::Step> steps;  ///< at least one, ascending
  std::int64_t period_ns = 0;         ///< 0: the last step stays
};

/// A line a step, `1.5s 10mbit`: from that time on, that rate; 0 is a link that stands still. A
/// last line `60s repeat` begins again after that time.
[[nodiscard]] RateSteps parse_rate_steps(const StageFile& file);

}  // namespace tunrelay
