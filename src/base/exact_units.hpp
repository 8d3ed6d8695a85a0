// SPDX-License-Identifier: MIT
// Quantities as users write them, without rounding: what is printed here is read back by
// base/units.hpp, and parse_ratio(), as the very same number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tunrelay {

/// "0.1%" -> 0.001, the nearest double. Without the sign, or outside 0 to 100 %: a usage Error.
double parse_ratio(std::string_view text);
/// 0.001 -> "0.1%".
std::string print_ratio(double ratio);
/// 20,000,000 -> "20ms", 1,500,000 -> "1500us"; 0 -> "0". Exact below 2^53 ns, 104 days.
std::string print_duration(std::int64_t duration_ns);
/// 100,000,000 -> "100mbit". Exact below 2^53 bits a second.
std::string print_rate(std::uint64_t bits_per_s);
/// 65,536 -> "64KiB". Exact below 2^53 bytes.
std::string print_size(std::uint64_t bytes);

}  // namespace tunrelay
