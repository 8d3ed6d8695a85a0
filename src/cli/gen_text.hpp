// SPDX-License-Identifier: MIT
// What `gen` prints for people.
#pragma once

#include <string>
#include <string_view>

#include "gen/floor.hpp"
#include "gen/load_report.hpp"
#include "gen/trial.hpp"

namespace tunrelay {

/// A line a direction that the load has.
[[nodiscard]] std::string interval_lines(const IntervalReport& interval, const LoadSpec& spec);
/// For TrialReport::still_coming.
inline constexpr std::string_view kStillComing =
    "Messages were still coming 2 s after the last was sent; the later ones were not waited for.";
/// The whole trial; FLOOR may be null.
[[nodiscard]] std::string trial_text(const TrialReport& report, const GeneratorFloor* floor);

}  // namespace tunrelay
