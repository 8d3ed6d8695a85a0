// SPDX-License-Identifier: MIT
#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace tunrelay {
namespace {

struct Quantity {
  double value;
  std::string unit;      ///< lower case, without blanks
  std::string spelling;  ///< the same as it was written
};

Quantity split(std::string_view text, const char* what) {
  double value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || value < 0 || !std::isfinite(value))
    throw_usage_error(std::string("read the ") + what, fmt::format("'{}'", text),
                      "it does not begin with a number of zero or more");
  Quantity quantity{.value = value, .unit = {}, .spelling = {}};
  for (const char* at = rest; at != end; ++at) {
    if (*at == ' ') continue;
    quantity.spelling += *at;
    quantity.unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
  }
  return quantity;
}

/// The power of BASE that a leading k, m, g or t of UNIT stands for; takes it off UNIT.
double take_prefix(std::string& unit, double base) {
  constexpr std::string_view kPrefixes = "kmgt";
  const std::size_t index = unit.empty() ? std::string::npos : kPrefixes.find(unit.front());
  if (index == std::string_view::npos) return 1;
  unit.erase(0, 1);
  return std::pow(base, static_cast<double>(index + 1));
}

std::uint64_t to_integer(double value, std::string_view text, const char* what) {
  // 2^64 itself is the first double that does not fit.
  if (value >= static_cast<double>(std::numeric_limits<std::uint64_t>::max()))
    throw_usage_error(std::string("read the ") + what, fmt::format("'{}'", text),
                      "it is too large");
  return static_cast<std::uint64_t>(std::llround(value));
}

}  // namespace

std::uint64_t parse_rate_bits_per_s(std::string_view text) {
  auto [value, unit, spelling] = split(text, "rate");
  const double factor = take_prefix(unit, 1000);
  // tc reads bps as bytes, others as bits; a small b of b/s is a bit to some, a byte to others.
  if (unit == "bps" || (unit == "b/s" && !spelling.ends_with("B/s")))
    throw_usage_error(
        "read the rate", fmt::format("'{}'", text), fmt::format("'{}' is ambiguous", spelling),
        fmt::format("write '{0}bit' for bits a second, or '{0}B/s' for bytes a second",
                    spelling.substr(0, spelling.size() - unit.size())));
  if (unit.empty() || unit == "bit" || unit == "bit/s" || unit == "bits/s" || unit == "bits")
    return to_integer(value * factor, text, "rate");
  if (unit == "b/s") return to_integer(value * factor * 8, text, "rate");
  throw_usage_error("read the rate", fmt::format("'{}'", text),
                    fmt::format("'{}' is not a unit of a rate", spelling),
                    "write for example 10M, 10Mbit or 10Mbit/s");
}

std::uint64_t parse_size_bytes(std::string_view text) {
  auto [value, unit, spelling] = split(text, "size");
  const double factor = take_prefix(unit, 1024);
  if (unit.empty() || unit == "b" || (unit == "ib" && factor != 1))
    return to_integer(value * factor, text, "size");
  throw_usage_error("read the size", fmt::format("'{}'", text),
                    fmt::format("'{}' is not a unit of a size", spelling),
                    "write for example 1500, 64K or 64KiB");
}

std::int64_t parse_duration_ns(std::string_view text) {
  const auto [value, unit, spelling] = split(text, "duration");
  struct Unit {
    std::string_view name;
    double ns;
  };
  constexpr std::array<Unit, 6> kUnits{
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  if (unit.empty() && value == 0) return 0;
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    const double ns = value * known.ns;
    if (ns >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) break;
    return std::llround(ns);
  }
  throw_usage_error("read the duration", fmt::format("'{}'", text),
                    unit.empty()
                        ? "it has no unit"
                        : fmt::format("'{}' is not a unit of a time, or it is too long", spelling),
                    "write for example 250us, 20ms, 1.5s or 2m");
}

double parse_percent(std::string_view text) {
  const Quantity quantity = split(text, "percentage");
  if (!quantity.unit.empty() && quantity.unit != "%")
    throw_usage_error("read the percentage", fmt::format("'{}'", text),
                      fmt::format("'{}' is not a percent sign", quantity.spelling),
                      "write for example 3%");
  return quantity.value / 100;
}

std::string format_rate(double bits_per_s) {
  if (bits_per_s >= 1e9) return fmt::format("{:.2f} Gbit/s", bits_per_s / 1e9);
  if (bits_per_s >= 1e6) return fmt::format("{:.2f} Mbit/s", bits_per_s / 1e6);
  if (bits_per_s >= 1e3) return fmt::format("{:.2f} Kbit/s", bits_per_s / 1e3);
  return fmt::format("{:.0f} bit/s", bits_per_s);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string format_duration(double duration_ns) {
  if (duration_ns < 1e3) return fmt::format("{:.0f} ns", duration_ns);
  if (duration_ns < 1e6) return fmt::format("{:.1f} us", duration_ns / 1e3);
  if (duration_ns < 1e9) return fmt::format("{:.1f} ms", duration_ns / 1e6);
  return fmt::format("{:.2f} s", duration_ns / 1e9);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace tunrelay
