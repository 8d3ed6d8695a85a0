// SPDX-License-Identifier: MIT
// How delays are fitted: by a table of their quantiles.
#pragma once

#include <cstdint>
#include <vector>

#include "stage/delay_config.hpp"

namespace tunrelay {

struct DelayFit {
  DelayConfig config;  ///< JitterShape::kTable, with its table; without jitter where there was none
  /// The largest difference of the two distributions (Kolmogorov and Smirnov), 0 to 1.
  double distance = 0;
  /// Of what was measured: these hardly move when a few packets are very late, as the mean does.
  std::int64_t p5_ns = 0;
  std::int64_t p50_ns = 0;
  std::int64_t p95_ns = 0;
};

/// DELAYS_NS: at least one.
[[nodiscard]] DelayFit fit_delay(std::vector<std::int64_t> delays_ns);

}  // namespace tunrelay
