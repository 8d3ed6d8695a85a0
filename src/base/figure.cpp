// SPDX-License-Identifier: MIT
#include "base/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

struct Step {
  double size;
  const char* prefix;
};
constexpr Step kDecimal[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "K"}, {1, ""}};
constexpr Step kDuration[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
constexpr Step kBinary[] = {
    {1099511627776.0, "TiB"}, {1073741824.0, "GiB"}, {1048576.0, "MiB"}, {1024.0, "KiB"}, {1, "B"}};

/// The largest step that is not above SIZE, else the last.
template <std::size_t kCount>
const Step& step_for(const Step (&steps)[kCount], double size) {
  const Step* found =
      std::find_if(steps, steps + kCount, [size](const Step& step) { return size >= step.size; });
  return found == steps + kCount ? steps[kCount - 1] : *found;
}

/// "packets_per_s" -> "packets/s".
std::string in_text(std::string_view unit) {
  std::string text(unit);
  constexpr std::string_view kPer = "_per_";
  for (std::size_t at = 0; (at = text.find(kPer, at)) != std::string::npos;)
    text.replace(at, kPer.size(), "/");
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string with_unit(const std::string& number, const std::string& unit) {
  return unit.empty() ? number : number + " " + unit;
}

}  // namespace

Scale scale_for(std::string_view unit, double largest) {
  const double size = std::abs(largest);
  if (unit == "bits_per_s") {
    const Step& step = step_for(kDecimal, size);
    return {step.size, fmt::format("{}bit/s", step.prefix)};
  }
  if (unit == "ns") {
    const Step& step = step_for(kDuration, size);
    return {step.size, step.prefix};
  }
  if (unit == "bytes") {
    const Step& step = step_for(kBinary, size);
    return {step.size, step.prefix};
  }
  if (unit == "ratio") return {1, ""};
  return {1, in_text(unit)};
}

std::string format_number(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size >= 1e15 || (size != 0 && size < 1e-4)) return fmt::format("{:.3e}", value);
  int decimals = 0;
  if (size < 1000) decimals = size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 5;
  std::string text = size == 0 ? "0" : fmt::format("{:.{}f}", value, decimals);
  const std::size_t first = text.front() == '-' ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string format_figure(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "-";
  const Scale scale = scale_for(unit, value);
  return with_unit(format_number(value / scale.divisor), scale.unit);
}

std::string format_latency(std::int64_t latency_ns) {
  if (latency_ns < kNanosecondsPerMicrosecond) return fmt::format("{} ns", latency_ns);
  return format_figure(static_cast<double>(latency_ns), "ns");
}

std::string format_range(double lowest, double highest, std::string_view unit) {
  if (!std::isfinite(lowest) || !std::isfinite(highest)) return "-";
  const Scale scale = scale_for(unit, std::max(std::abs(lowest), std::abs(highest)));
  return with_unit(fmt::format("{} to {}", format_number(lowest / scale.divisor),
                               format_number(highest / scale.divisor)),
                   scale.unit);
}

std::string format_change(double ratio) {
  if (!std::isfinite(ratio)) return "-";
  const double percent = 100 * (ratio - 1);
  return fmt::format("{:+.{}f} %", percent, std::abs(percent) < 10 ? 2 : 1);
}

std::string format_percentile(double percentile) {
  if (percentile <= 0) return "lowest";
  if (percentile >= 100) return "highest";
  return fmt::format("p{:g}", percentile);
}

}  // namespace tunrelay
