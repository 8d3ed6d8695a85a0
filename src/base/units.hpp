// SPDX-License-Identifier: MIT
// Quantities as users write them. Rates are read as iperf3 reads them (K = 1000 bits a
// second), sizes with K = 1024. "kbps" and "mbps" are refused, tc reads them as bytes a second and
// most other tools as bits a second; so is "Mb/s", where "MB/s" are bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tunrelay {

/// "10M", "10Mbit", "10Mbit/s" -> 10,000,000. Throws a usage Error.
std::uint64_t parse_rate_bits_per_s(std::string_view text);
/// "64K", "64KiB", "1500", "1500B" -> bytes, K = 1024. Throws a usage Error.
std::uint64_t parse_size_bytes(std::string_view text);
/// "20ms", "1.5s", "250us", "100ns", "2m" -> nanoseconds; a bare number but 0 is refused.
/// Throws a usage Error.
std::int64_t parse_duration_ns(std::string_view text);
/// "3%" or, where nothing but a percentage can be meant, "3" -> 0.03; 0 or more. Throws a usage
/// Error.
double parse_percent(std::string_view text);

/// 27.1e9 -> "27.10 Gbit/s".
std::string format_rate(double bits_per_s);
/// 65536 -> "64.0 KiB".
std::string format_bytes(std::uint64_t bytes);
/// 12300 -> "12.3 us".
std::string format_duration(double duration_ns);
/// 1234567 -> "1,234,567".
std::string format_count(std::uint64_t count);

}  // namespace tunrelay
