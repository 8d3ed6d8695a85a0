// SPDX-License-Identifier: MIT
// The files that a link is fitted to: which form each has, and what it says.
#pragma once

#include <string>
#include <vector>

#include "fit/measurement.hpp"

namespace tunrelay {

/// FILES: one (what ping has printed, IRTT's JSON, a capture: by how it begins), or the captures of
/// both ends. ONE_CLOCK: as parse_irtt() has it, and for nothing else. Throws a usage Error.
[[nodiscard]] LinkMeasurement read_measurement(const std::vector<std::string>& files,
                                               bool one_clock);

}  // namespace tunrelay
