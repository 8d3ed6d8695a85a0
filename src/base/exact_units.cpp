// SPDX-License-Identifier: MIT
#include "base/exact_units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/error.hpp"

namespace tunrelay {
namespace {

struct NamedUnit {
  std::uint64_t size;
  std::string_view name;
};

/// In the largest of UNITS of which NUMBER is a multiple; they end with one of size 1.
template <std::size_t kCount>
std::string print_in(std::uint64_t number, const std::array<NamedUnit, kCount>& units) {
  for (const NamedUnit& unit : units)
    if (number != 0 && number % unit.size == 0)
      return fmt::format("{}{}", number / unit.size, unit.name);
  return fmt::format("{}{}", number, units.back().name);
}

}  // namespace

double parse_ratio(std::string_view text) {
  double ratio = 0;
  // The shift by two digits is made in the text, since a division would round again.
  const bool has_sign = text.size() > 1 && text.back() == '%';
  const std::string_view digits = text.substr(0, text.size() - (has_sign ? 1 : 0));
  const std::string shifted = std::string(digits) + "e-2";
  const auto [rest, error] =
      std::from_chars(shifted.data(), shifted.data() + shifted.size(), ratio);
  const bool is_number = digits.find_first_not_of("0123456789.") == std::string_view::npos &&
                         error == std::errc{} && rest == shifted.data() + shifted.size();
  if (!has_sign || !is_number || ratio > 1)
    throw_usage_error("read the percentage", fmt::format("'{}'", text),
                      has_sign || !is_number ? "it is not from 0% to 100%" : "it has no % sign",
                      "write for example 0.1% or 25%");
  return ratio;
}

std::string print_ratio(double ratio) {
  // "d.ddde-XX", the shortest digits that are read back as the same number.
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), ratio,
                                 std::chars_format::scientific);
  const std::string_view text(buffer.data(), end.ptr);
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, mark));
  if (digits.size() > 1) digits.erase(1, 1);
  const int exponent = std::stoi(std::string(text.substr(mark + 1)));
  // So many digits stand before the point when it is a percentage.
  const int before = exponent + 3;
  const auto count = static_cast<int>(digits.size());
  if (ratio == 0) return "0%";
  if (before <= 0) return "0." + std::string(static_cast<std::size_t>(-before), '0') + digits + "%";
  if (before >= count) return digits.append(static_cast<std::size_t>(before - count), '0') + "%";
  return digits.insert(static_cast<std::size_t>(before), ".") + "%";
}

std::string print_duration(std::int64_t duration_ns) {
  if (duration_ns == 0) return "0";
  return print_in(static_cast<std::uint64_t>(duration_ns),
                  std::array<NamedUnit, 4>{
                      {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}}});
}

std::string print_rate(std::uint64_t bits_per_s) {
  return print_in(bits_per_s,
                  std::array<NamedUnit, 4>{
                      {{1'000'000'000, "gbit"}, {1'000'000, "mbit"}, {1'000, "kbit"}, {1, "bit"}}});
}

std::string print_size(std::uint64_t bytes) {
  return print_in(bytes,
                  std::array<NamedUnit, 4>{
                      {{1U << 30U, "GiB"}, {1U << 20U, "MiB"}, {1U << 10U, "KiB"}, {1, "B"}}});
}

}  // namespace tunrelay
