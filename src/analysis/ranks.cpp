// SPDX-License-Identifier: MIT
#include "analysis/ranks.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace tunrelay {

Ranks rank(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [values](std::size_t left, std::size_t right) { return values[left] < values[right]; });
  Ranks result;
  result.ranks.resize(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    // Places first + 1 to end, counted from 1, have this mean.
    const double shared = static_cast<double>(first + 1 + end) / 2;
    for (std::size_t i = first; i < end; ++i) result.ranks[order[i]] = shared;
    const double group = static_cast<double>(end - first);
    result.tie_term += group * group * group - group;
    first = end;
  }
  return result;
}

}  // namespace tunrelay
