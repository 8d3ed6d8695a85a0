// How far two colours stand apart, as WCAG 2.1 reckons it ("contrast ratio").
#pragma once

#include <algorithm>
#include <cmath>

#include "png_image.hpp"

namespace tunrelay::test {

inline double luminance(const Colour& colour) {
  const auto linear = [](int channel) {
    const double share = channel / 255.0;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

/// From 1 (the same) to 21 (black and white).
inline double contrast(const Colour& one, const Colour& other) {
  const auto [darker, lighter] = std::minmax(luminance(one), luminance(other));
  return (lighter + 0.05) / (darker + 0.05);
}

}  // namespace tunrelay::test
