// SPDX-License-Identifier: MIT
// Devices after we have closed them.
#pragma once

#include <array>

#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// The kernel closes an io_uring's files a moment after us; only then is our device gone, and
/// an administrator's free. Waits for that, two seconds at most.
void wait_for_devices_to_go(const std::array<EndReport, kDirections>& ends) noexcept;

}  // namespace tunrelay
