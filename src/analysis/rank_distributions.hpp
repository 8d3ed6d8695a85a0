// SPDX-License-Identifier: MIT
// How the statistics of the rank tests are distributed when nothing differs, exactly: the
// probability of each value, by dynamic programming over the number of values. Only positive terms
// are added, so nothing cancels.
#pragma once

#include <cstddef>
#include <vector>

namespace tunrelay {

/// [u]: the probability of Mann-Whitney's U = u, for u from 0 to FIRST_COUNT * SECOND_COUNT.
/// Time is about (FIRST_COUNT * SECOND_COUNT)^2 / 4.
[[nodiscard]] std::vector<double> rank_sum_distribution(std::size_t first_count,
                                                        std::size_t second_count);

/// [t]: the probability that the ranks of positive differences add up to t, for t from 0 to
/// COUNT * (COUNT + 1) / 2. Time is about COUNT^3 / 6.
[[nodiscard]] std::vector<double> signed_rank_distribution(std::size_t count);

}  // namespace tunrelay
