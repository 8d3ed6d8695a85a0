// SPDX-License-Identifier: MIT
// Lines of tc(8) that make the qdiscs netem and tbf, and those that `tc qdisc show` prints.
#pragma once

#include <string>
#include <string_view>

#include "convert/conversion.hpp"

namespace tunrelay {

/// The first interface that is named is a's: its qdiscs act on what leaves it, so a to b. A second
/// one (often an ifb) is b to a. netem stands before tbf, whichever is the other's parent: packets
/// reach a tbf's child first. Throws a usage Error that names SOURCE where TEXT has no line of tc.
[[nodiscard]] Conversion convert_tc(std::string_view text, const std::string& source);

}  // namespace tunrelay
