// SPDX-License-Identifier: MIT
// Colours, and how far two of them stand apart as WCAG 2.1 reckons it ("contrast ratio").
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>

namespace tunrelay::test {

/// Channels from 0 to 255, as sRGB has them.
struct Colour {
  int red = 0;
  int green = 0;
  int blue = 0;

  auto operator<=>(const Colour&) const = default;
};

/// From 0 (black) to 1 (white).
inline double luminance(const Colour& colour) {
  const auto linear = [](int channel) {
    const double share = channel / 255.0;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

/// From 1 (the same) to 21 (black and white).
inline double contrast(const Colour& one, const Colour& other) {
  const double first = luminance(one);
  const double second = luminance(other);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

}  // namespace tunrelay::test
