// SPDX-License-Identifier: MIT
// Where a series changed its level or its spread: E-divisive (Matteson and James, "A Nonparametric
// Approach for Multiple Change Point Analysis of Multivariate Data", JASA 2014), which takes no
// distribution for granted and no number of changes; the method that MongoDB's and Apache Otava's
// performance tests use. A split is where the energy distance between what lies before and after
// it is greatest; it counts when fewer than alpha of random orders of the same values have one as
// great. Both sides are then searched in turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tunrelay {

struct ChangePointOptions {
  double alpha = 0.01;             ///< for each search; over 0, below 1
  std::size_t permutations = 499;  ///< at least 1 / alpha - 1, or nothing can be found
  std::size_t shortest = 3;        ///< values between two changes at least; 2 or more
  std::uint64_t seed = 1;          ///< the same seed, the same answer
};

struct ChangePoint {
  std::size_t index = 0;  ///< of the first value after the change
  double p = 1;           ///< of the permutation test; 1 / (permutations + 1) at least
};

/// In the order of time. A series without any change gives one with probability alpha at most.
/// Memory is 8 bytes times the square of the count of VALUES, time up to `permutations` times some
/// nanoseconds times that square for each change that is found, and little for segments without.
[[nodiscard]] std::vector<ChangePoint> find_change_points(std::span<const double> values,
                                                          const ChangePointOptions& options = {});

}  // namespace tunrelay
