// SPDX-License-Identifier: MIT
#include "top/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tunrelay {
namespace {

constexpr std::array<const char*, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> kAscii{" ", ".", ".", ":", ":", "+", "+", "#", "#"};
constexpr double kSteps = 8;

/// In eighths of a row; a value over 0 shows.
double eighths(double value, double ceiling, std::size_t rows) {
  if (!(value > 0) || !(ceiling > 0)) return 0;
  const double whole = kSteps * static_cast<double>(rows);
  return std::clamp(std::round(value / ceiling * whole), 1.0, whole);
}

}  // namespace

std::vector<std::string> bar_chart(const std::vector<double>& values,
                                   const std::vector<double>& limits, double ceiling,
                                   std::size_t rows, bool has_unicode) {
  const auto& steps = has_unicode ? kBlocks : kAscii;
  std::vector<std::string> chart(rows);
  for (std::size_t column = 0; column < values.size(); ++column) {
    const double filled = eighths(values[column], ceiling, rows);
    const double limit = column < limits.size() ? eighths(limits[column], ceiling, rows) : 0;
    for (std::size_t row = 0; row < rows; ++row) {
      const double below = kSteps * static_cast<double>(rows - 1 - row);
      const auto step = static_cast<std::size_t>(std::clamp(filled - below, 0.0, kSteps));
      chart[row] += step == 0 && limit > below ? (has_unicode ? "·" : "-") : steps.at(step);
    }
  }
  return chart;
}

}  // namespace tunrelay
