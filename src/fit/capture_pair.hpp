// SPDX-License-Identifier: MIT
// What two captures of the same packets, one at each end of a link, say of it.
#pragma once

#include <string>

#include "fit/measurement.hpp"

namespace tunrelay {

/// AT_A, AT_B: captures at both ends, with clocks that agree. A packet is recognised by what no
/// router changes: addresses, protocol, length, identification, and the begin of what it carries.
/// One that stands in the sender's capture alone, between two that arrived, was lost. Each way has
/// its own delays. Throws a usage Error, also where packets arrive before they were sent.
[[nodiscard]] LinkMeasurement measure_pair(const std::string& at_a, const std::string& at_b);

}  // namespace tunrelay
