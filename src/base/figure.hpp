// SPDX-License-Identifier: MIT
// Values in base units as people read them: "27.10 Gbit/s", "12.30 us", "195,000 packets/s".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tunrelay {

/// What values of one chart or column are divided by, and the unit behind them.
struct Scale {
  double divisor = 1;
  std::string unit;  ///< may be empty
};

/// For values of about the size of LARGEST, in a base unit of the model ("bits_per_s", "ns"). A
/// unit that is not known here is printed as it is: "errors_per_s" as "errors/s".
[[nodiscard]] Scale scale_for(std::string_view unit, double largest);

/// Four significant digits, commas between thousands; "-" for what is not a number.
[[nodiscard]] std::string format_number(double value);
/// The same with the unit behind it, scaled to its own size.
[[nodiscard]] std::string format_figure(double value, std::string_view unit);
/// A time that a histogram has: format_figure(), but nanoseconds are whole: 5034000 -> "5.034 ms",
/// 12 -> "12 ns".
[[nodiscard]] std::string format_latency(std::int64_t latency_ns);
/// "26.00 to 28.00 Gbit/s": both in one scale.
[[nodiscard]] std::string format_range(double lowest, double highest, std::string_view unit);
/// 1.0512 -> "+5.1 %": how a ratio differs from 1. "-" for what is not a number.
[[nodiscard]] std::string format_change(double ratio);
/// 99.9 -> "p99.9"; 0 and 100 are "lowest" and "highest".
[[nodiscard]] std::string format_percentile(double percentile);

}  // namespace tunrelay
