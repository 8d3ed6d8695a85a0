// SPDX-License-Identifier: MIT
// What one capture, made where packets are sent, says of the link: round trips of ping, and the
// TCP flow with the most bytes.
#pragma once

#include <string>

#include "fit/measurement.hpp"

namespace tunrelay {

/// A is the end that sends. Echo requests (ICMP and ICMPv6) of the host, address and identifier
/// with the most of them become the packets of the way back. Of TCP the flow that sends most is
/// taken, of the same host where there are pings: a segment is delivered when it is acknowledged,
/// by SACK where that comes first (RFC 2018), and lost when it is sent again; those that were sent
/// again have no time (Karn's rule). Throws a usage Error for a file that has neither.
[[nodiscard]] LinkMeasurement measure_trips(const std::string& file);

}  // namespace tunrelay
