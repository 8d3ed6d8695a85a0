// SPDX-License-Identifier: MIT
// The two rank tests behind the verdicts, two-sided: Mann-Whitney's U for two samples of their
// own, Wilcoxon's signed ranks for differences within pairs. Both give the numbers of
// scipy.stats (mannwhitneyu, wilcoxon with their defaults) but where it is said otherwise.
// Each test comes with its critical value, from which analysis/hodges_lehmann.hpp makes the
// confidence interval that agrees with the test.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace tunrelay {

struct RankTest {
  double statistic = 0;
  double p = 1;        ///< two-sided; 1 when nothing differs
  bool exact = false;  ///< by counting all arrangements; otherwise by the normal approximation
};

/// The U of FIRST: in how many pairs of one value each FIRST's is the greater one; equal ones count
/// a half. Exact when there are no ties and one sample has at most 8 values; else normal, with
/// corrections for ties and continuity. Neither sample may be empty.
[[nodiscard]] RankTest mann_whitney(std::span<const double> first, std::span<const double> second);

/// The lesser sum of the ranks of positive and of negative DIFFERENCES. Zeros are left out
/// (Wilcoxon's own way, zero_method="wilcox"). Exact for at most 50 differences without zeros and
/// ties; else normal with a correction for ties and none for continuity. (SciPy 1.10 calls its
/// answer exact with ties, too, but cuts the halves off the rank sum then.)
[[nodiscard]] RankTest wilcoxon(std::span<const double> differences);

/// The greatest U that rejects equality at ALPHA, two-sided, for samples of these sizes without
/// ties; by the same choice of exact or normal as the test. Nothing when even U = 0 does not.
[[nodiscard]] std::optional<std::size_t> greatest_rejected_u(std::size_t first_count,
                                                             std::size_t second_count,
                                                             double alpha);
/// The same for Wilcoxon's rank sum of COUNT differences.
[[nodiscard]] std::optional<std::size_t> greatest_rejected_rank_sum(std::size_t count,
                                                                    double alpha);

}  // namespace tunrelay
