// SPDX-License-Identifier: MIT
// Quantities as other programs write them. Nothing is given for what is none, or too large to be
// exact (2^53).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tunrelay {

// tc(8), PARAMETERS: a bare time is in microseconds; "bps" are bytes a second; a bare size is in
// bytes, and K is 1024. Units are read in any case.
[[nodiscard]] std::optional<std::int64_t> tc_time_ns(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> tc_rate_bits_per_s(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> tc_size_bytes(std::string_view text);
/// "1%" or "1" -> 0.01; 0 to 1.
[[nodiscard]] std::optional<double> tc_ratio(std::string_view text);

/// "10ms", "1s 500ms"; with BARE_NS a number without a unit is that many nanoseconds times itself.
[[nodiscard]] std::optional<std::int64_t> plain_time_ns(std::string_view text,
                                                        std::int64_t bare_ns = 0);
/// "1Gbps 200Mbps", "250K": bits a second, whatever the unit's end.
[[nodiscard]] std::optional<std::uint64_t> plain_rate_bits_per_s(std::string_view text);
/// "683.6 KiB", "5KB" (1000), "1024".
[[nodiscard]] std::optional<std::uint64_t> plain_size_bytes(std::string_view text);
/// A number and nothing else.
[[nodiscard]] std::optional<double> plain_number(std::string_view text);

}  // namespace tunrelay
