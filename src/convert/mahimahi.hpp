// SPDX-License-Identifier: MIT
// mahimahi's command lines (mahimahi.mit.edu): "mm-delay 40 mm-loss uplink 0.01 mm-link up down".
#pragma once

#include <string>
#include <string_view>

#include "convert/conversion.hpp"

namespace tunrelay {

/// a is the command's end: uplink is a to b. Shells are nested, so a packet of the command meets
/// the last one first. The command itself is passed over. Throws a usage Error that names SOURCE
/// where TEXT has no such command line.
[[nodiscard]] Conversion convert_mahimahi(std::string_view text, const std::string& source);

}  // namespace tunrelay
