// SPDX-License-Identifier: MIT
// What `ping` has printed, as a measurement.
#pragma once

#include <string>
#include <string_view>

#include "fit/measurement.hpp"

namespace tunrelay {

/// What `ping` of iputils prints ("icmp_seq=7 ... time=23.4 ms"), from the first number to the last
/// that was answered or, where ping says how many it has sent, to the last of those. A second
/// answer to the same number is left out. Round trips. Throws a usage Error. NAME: what to call the
/// text.
[[nodiscard]] LinkMeasurement parse_ping(std::string_view text, const std::string& name);

}  // namespace tunrelay
