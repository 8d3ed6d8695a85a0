// SPDX-License-Identifier: MIT
#include "analysis/rank_tests.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/rank_distributions.hpp"
#include "analysis/ranks.hpp"
#include "analysis/significance.hpp"
#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// As SciPy's method="auto" has them.
constexpr std::size_t kMaxForExactU = 8;
constexpr std::size_t kMaxForExactRankSum = 50;

bool is_exact_u(std::size_t first_count, std::size_t second_count) {
  return std::min(first_count, second_count) <= kMaxForExactU;
}

double deviation_of_u(double first_count, double second_count, double tie_term) {
  const double count = first_count + second_count;
  return std::sqrt(first_count * second_count / 12 *
                   (count + 1 - tie_term / (count * (count - 1))));
}

double deviation_of_rank_sum(double count, double tie_term) {
  return std::sqrt((count * (count + 1) * (2 * count + 1) - tie_term / 2) / 24);
}

/// Both distributions are symmetric, so the lower tail is enough.
double two_sided_p(const std::vector<double>& distribution, double lesser_statistic) {
  double tail = 0;
  const auto last = static_cast<std::size_t>(lesser_statistic);
  for (std::size_t value = 0; value <= last; ++value) tail += distribution[value];
  return std::min(1.0, 2 * tail);
}

std::optional<std::size_t> greatest_rejected(const std::vector<double>& distribution,
                                             double alpha) {
  std::optional<std::size_t> rejected;
  double tail = 0;
  for (std::size_t value = 0; value < distribution.size(); ++value) {
    tail += distribution[value];
    if (2 * tail > alpha) break;
    rejected = value;
  }
  return rejected;
}

std::optional<std::size_t> rounded_down(double critical_value) {
  if (critical_value < 0) return std::nullopt;
  return static_cast<std::size_t>(critical_value);
}

}  // namespace

RankTest mann_whitney(std::span<const double> first, std::span<const double> second) {
  ensure(!first.empty() && !second.empty(), "Mann-Whitney compares two samples that are there");
  std::vector<double> all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  const Ranks ranks = rank(all);
  const double first_count = static_cast<double>(first.size());
  const double second_count = static_cast<double>(second.size());
  const double pairs = first_count * second_count;
  double u = -first_count * (first_count + 1) / 2;
  for (std::size_t i = 0; i < first.size(); ++i) u += ranks.ranks[i];
  RankTest test{.statistic = u};
  const double lesser = std::min(u, pairs - u);
  if (ranks.tie_term == 0 && is_exact_u(first.size(), second.size())) {
    test.exact = true;
    test.p = two_sided_p(rank_sum_distribution(first.size(), second.size()), lesser);
    return test;
  }
  const double deviation = deviation_of_u(first_count, second_count, ranks.tie_term);
  // Within half a step of the middle, continuity leaves nothing to decide.
  const double distance = pairs / 2 - lesser - 0.5;
  if (deviation > 0 && distance > 0) test.p = p_of_z(distance / deviation);
  return test;
}

RankTest wilcoxon(std::span<const double> differences) {
  std::vector<double> sizes;
  std::vector<bool> positive;
  for (const double difference : differences) {
    if (difference == 0) continue;
    sizes.push_back(std::abs(difference));
    positive.push_back(difference > 0);
  }
  RankTest test;
  if (sizes.empty()) return test;
  const Ranks ranks = rank(sizes);
  const double count = static_cast<double>(sizes.size());
  const double all = count * (count + 1) / 2;
  double sum = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (positive[i]) sum += ranks.ranks[i];
  test.statistic = std::min(sum, all - sum);
  const bool has_zeros = sizes.size() < differences.size();
  if (sizes.size() <= kMaxForExactRankSum && !has_zeros && ranks.tie_term == 0) {
    test.exact = true;
    test.p = two_sided_p(signed_rank_distribution(sizes.size()), test.statistic);
  } else {
    test.p = p_of_z((all / 2 - test.statistic) / deviation_of_rank_sum(count, ranks.tie_term));
  }
  return test;
}

std::optional<std::size_t> greatest_rejected_u(std::size_t first_count, std::size_t second_count,
                                               double alpha) {
  if (is_exact_u(first_count, second_count))
    return greatest_rejected(rank_sum_distribution(first_count, second_count), alpha);
  const double first = static_cast<double>(first_count);
  const double second = static_cast<double>(second_count);
  return rounded_down(first * second / 2 - 0.5 - z_of_p(alpha) * deviation_of_u(first, second, 0));
}

std::optional<std::size_t> greatest_rejected_rank_sum(std::size_t count, double alpha) {
  if (count <= kMaxForExactRankSum)
    return greatest_rejected(signed_rank_distribution(count), alpha);
  const double size = static_cast<double>(count);
  return rounded_down(size * (size + 1) / 4 - z_of_p(alpha) * deviation_of_rank_sum(size, 0));
}

}  // namespace tunrelay
