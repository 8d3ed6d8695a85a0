// SPDX-License-Identifier: MIT
// What IRTT (https://github.com/heistp/irtt) has measured, as a measurement.
#pragma once

#include <string>
#include <string_view>

#include "fit/measurement.hpp"

namespace tunrelay {

/// The JSON of `irtt client -o FILE.json`. Which way a packet was lost IRTT knows from its server's
/// statistics; where it does not, the packet counts as lost on the way back. ONE_CLOCK: the clocks
/// of both ends agree, and each way has its own delays; else they are round trips. Throws a usage
/// Error. NAME: what to call the text.
[[nodiscard]] LinkMeasurement parse_irtt(std::string_view text, bool one_clock,
                                         const std::string& name);

}  // namespace tunrelay
