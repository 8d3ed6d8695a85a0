// SPDX-License-Identifier: MIT
#include "convert/foreign_quantity.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/exact_units.hpp"
#include "base/trim.hpp"

namespace tunrelay {
namespace {

struct Unit {
  std::string_view name;  ///< in small letters
  double factor;
};

constexpr Unit kTimes[] = {{"ns", 1},     {"nsec", 1},    {"nsecs", 1},   {"us", 1e3},
                           {"µs", 1e3},   {"usec", 1e3},  {"usecs", 1e3}, {"ms", 1e6},
                           {"msec", 1e6}, {"msecs", 1e6}, {"s", 1e9},     {"sec", 1e9},
                           {"secs", 1e9}, {"m", 60e9},    {"min", 60e9},  {"h", 3600e9}};
constexpr Unit kTcRates[] = {{"", 1},
                             {"bit", 1},
                             {"kbit", 1e3},
                             {"mbit", 1e6},
                             {"gbit", 1e9},
                             {"tbit", 1e12},
                             {"kibit", 1024.0},
                             {"mibit", 1048576.0},
                             {"gibit", 1073741824.0},
                             {"bps", 8},
                             {"kbps", 8e3},
                             {"mbps", 8e6},
                             {"gbps", 8e9},
                             {"tbps", 8e12},
                             {"kibps", 8192.0},
                             {"mibps", 8388608.0}};
constexpr Unit kTcSizes[] = {
    {"", 1},          {"b", 1},           {"k", 1024.0},        {"kb", 1024.0},
    {"m", 1048576.0}, {"mb", 1048576.0},  {"g", 1073741824.0},  {"gb", 1073741824.0},
    {"kbit", 128.0},  {"mbit", 131072.0}, {"gbit", 134217728.0}};
constexpr Unit kPlainRates[] = {{"bps", 1},         {"bit/s", 1},  {"k", 1e3},      {"kbps", 1e3},
                                {"kbit/s", 1e3},    {"m", 1e6},    {"mbps", 1e6},   {"mbit/s", 1e6},
                                {"g", 1e9},         {"gbps", 1e9}, {"gbit/s", 1e9}, {"tbps", 1e12},
                                {"kibit/s", 1024.0}};
constexpr Unit kPlainSizes[] = {
    {"", 1},     {"b", 1},        {"kb", 1e3},        {"mb", 1e6},
    {"gb", 1e9}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}};

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& one : small) one = static_cast<char>(std::tolower(static_cast<unsigned char>(one)));
  return small;
}

/// The number that TEXT begins with, which is taken off it. Not below 0.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return number;
}

std::optional<double> factor_of(std::string_view unit, std::span<const Unit> units) {
  const std::string small = small_letters(unit);
  for (const Unit& known : units)
    if (known.name == small) return known.factor;
  return std::nullopt;
}

std::optional<std::uint64_t> whole(std::optional<double> value) {
  constexpr double kMaxExact = 9007199254740992.0;  // 2^53
  if (!value || !(*value >= 0 && *value <= kMaxExact)) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value));
}

/// One number with its unit.
std::optional<double> quantity(std::string_view text, std::span<const Unit> units) {
  text = trimmed(text);
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const auto factor = factor_of(trimmed(text), units);
  return factor ? std::optional(*number * *factor) : std::nullopt;
}

/// Several, as in "1Gbps 200Mbps", which add up.
std::optional<double> sum_of_quantities(std::string_view text, std::span<const Unit> units) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    text = trimmed(text);
    const std::size_t end = std::min(text.find_first_of("0123456789. \t"), text.size());
    const auto factor = factor_of(text.substr(0, end), units);
    if (!factor) return std::nullopt;
    sum += *number * *factor;
    text = trimmed(text.substr(end));
  }
  return sum;
}

std::optional<std::int64_t> as_signed(std::optional<std::uint64_t> value) {
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

}  // namespace

std::optional<double> plain_number(std::string_view text) {
  const auto number = take_number(text);
  return text.empty() ? number : std::nullopt;
}

std::optional<std::int64_t> tc_time_ns(std::string_view text) {
  if (const auto microseconds = plain_number(text)) return as_signed(whole(*microseconds * 1e3));
  return as_signed(whole(quantity(text, std::span(kTimes).first(13))));
}

std::optional<std::uint64_t> tc_rate_bits_per_s(std::string_view text) {
  return whole(quantity(text, kTcRates));
}

std::optional<std::uint64_t> tc_size_bytes(std::string_view text) {
  return whole(quantity(text.substr(0, text.find('/')), kTcSizes));  // "15Kb/8": with a cell size
}

std::optional<double> tc_ratio(std::string_view text) {
  try {
    return parse_ratio(std::string(text) + (text.ends_with('%') ? "" : "%"));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<std::int64_t> plain_time_ns(std::string_view text, std::int64_t bare_ns) {
  if (const auto bare = plain_number(trimmed(text)); bare && bare_ns != 0)
    return as_signed(whole(*bare * static_cast<double>(bare_ns)));
  return as_signed(whole(sum_of_quantities(text, kTimes)));
}

std::optional<std::uint64_t> plain_rate_bits_per_s(std::string_view text) {
  return whole(sum_of_quantities(text, kPlainRates));
}

std::optional<std::uint64_t> plain_size_bytes(std::string_view text) {
  return whole(quantity(text, kPlainSizes));
}

}  // namespace tunrelay
