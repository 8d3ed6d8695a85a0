// SPDX-License-Identifier: MIT
// The metrics of a result by what crossed the paths while they were measured.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// Good as long as the result is.
struct Load {
  std::string name;  ///< empty: of a generator's own result
  std::vector<const Metric*> metrics;

  /// The one of that name behind the load's; null: it has none.
  [[nodiscard]] const Metric* find(std::string_view measure) const;
};

/// In the order of first appearance, and so are the metrics of each.
[[nodiscard]] std::vector<Load> loads_of(const Result& result);

}  // namespace tunrelay
