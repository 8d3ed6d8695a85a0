// SPDX-License-Identifier: MIT
#include "analysis/holm.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace tunrelay {

std::vector<double> holm_corrected(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [p_values](std::size_t left, std::size_t right) {
    return p_values[left] < p_values[right];
  });
  std::vector<double> corrected(p_values.size());
  double so_far = 0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const double left = static_cast<double>(order.size() - place);
    // A greater p must not come out as less than a smaller one.
    so_far = std::max(so_far, std::min(1.0, left * p_values[order[place]]));
    corrected[order[place]] = so_far;
  }
  return corrected;
}

}  // namespace tunrelay
