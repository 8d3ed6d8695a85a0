// What `gen` prints for people.
#pragma once

#include <string>

#include "gen/floor.hpp"
#include "gen/load_report.hpp"
#include "gen/trial.hpp"

namespace tunrelay {

/// One line an interval, without a newline.
[[nodiscard]] std::string interval_line(const IntervalReport& interval, const LoadSpec& spec);
/// The whole trial; FLOOR may be null.
[[nodiscard]] std::string trial_text(const TrialReport& report, const GeneratorFloor* floor);

}  // namespace tunrelay
