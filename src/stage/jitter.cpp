// SPDX-License-Identifier: MIT
#include "stage/jitter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include <boost/math/special_functions/erf.hpp>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::uint8_t kJitterPurpose = 1;  // beside the choice (hit_sequence.cpp)
constexpr std::size_t kTableSize = 4096;
constexpr double kMaxQuantile =
    static_cast<double>(std::numeric_limits<std::int16_t>::max()) / kJitterScale;

/// The place below which RATIO of a normal distribution lies.
double normal_quantile(double ratio) {
  return std::sqrt(2.0) * boost::math::erf_inv(2 * ratio - 1);
}

/// Of index 3, moved to mean 0 and scaled as netem/pareto.c does: by 4/3.
double pareto_quantile(double ratio) {
  return (std::pow(1 - ratio, -1.0 / 3) - 1.5) * 4 / 3;
}

double quantile(JitterShape shape, double ratio) {
  switch (shape) {
    case JitterShape::kNormal:
      return normal_quantile(ratio);
    case JitterShape::kPareto:
      return pareto_quantile(ratio);
    default:
      // Of two tables, each cut off where 16 bits end before they are mixed.
      return normal_quantile(ratio) / 4 + std::min(pareto_quantile(ratio), kMaxQuantile) * 3 / 4;
  }
}

}  // namespace

std::vector<std::int16_t> parse_delay_table(std::string_view text) {
  std::vector<std::int16_t> table;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, std::min(end, text.find('#')));
    text.remove_prefix(std::min(end + 1, text.size()));
    for (;;) {
      line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
      if (line.empty()) break;
      const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
      std::int16_t value = 0;
      const auto [stop, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (fault != std::errc{} || stop != word.data() + word.size())
        throw_usage_error("read", fmt::format("the delay table, line {}", line_number),
                          fmt::format("\"{}\" is not a number from -32768 to 32767", word),
                          "give a file in the .dist format of iproute2");
      table.push_back(value);
      line.remove_prefix(word.size());
    }
  }
  if (table.empty())
    throw_usage_error("read", "the delay table", "there is no number in it",
                      "give a file in the .dist format of iproute2");
  return table;
}

std::vector<std::int16_t> make_jitter_table(JitterShape shape) {
  std::vector<std::int16_t> table;
  if (shape == JitterShape::kUniform || shape == JitterShape::kTable) return table;
  for (std::size_t at = 0; at < kTableSize; ++at) {
    const double ratio = (static_cast<double>(at) + 0.5) / kTableSize;
    const double value = std::nearbyint(quantile(shape, ratio) * kJitterScale);
    constexpr double kMax = std::numeric_limits<std::int16_t>::max();
    table.push_back(static_cast<std::int16_t>(std::clamp(value, -kMax, kMax)));
  }
  return table;
}

Jitter::Jitter(const DelayConfig& config, const ImpairmentKey& key)
    : delay_ns_(config.delay_ns),
      jitter_ns_(config.jitter_ns),
      table_(config.shape == JitterShape::kTable ? config.table : make_jitter_table(config.shape)),
      draw_(RandomStream(key, kJitterPurpose), config.jitter_correlation) {}

std::int64_t Jitter::delay_ns(std::uint64_t number) noexcept {
  if (!varies()) return delay_ns_;
  if (draw_.is_correlated())
    for (; undrawn_ < number; ++undrawn_) (void)draw_.draw(undrawn_);
  undrawn_ = number + 1;
  const std::uint32_t random = draw_.draw(number);
  constexpr double kAll = 4294967296.0;
  const double steps =
      table_.empty()
          ? 2 * static_cast<double>(random) / kAll - 1
          : static_cast<double>(
                table_[scale_random(random, static_cast<std::uint32_t>(table_.size()))]) /
                kJitterScale;
  const double jitter_ns = steps * static_cast<double>(jitter_ns_);
  return std::max<std::int64_t>(0, delay_ns_ + std::llround(jitter_ns));
}

}  // namespace tunrelay
