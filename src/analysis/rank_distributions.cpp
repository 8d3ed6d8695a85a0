// SPDX-License-Identifier: MIT
#include "analysis/rank_distributions.hpp"

#include <algorithm>
#include <utility>

namespace tunrelay {

std::vector<double> rank_sum_distribution(std::size_t first_count, std::size_t second_count) {
  // The greatest of all m + n values is of the first sample with probability m / (m + n), and then
  // it beats all n of the second; so P(m, n)[u] = m / (m + n) P(m - 1, n)[u - n]
  //                                             + n / (m + n) P(m, n - 1)[u].
  const auto [fewer, more] = std::minmax(first_count, second_count);
  std::vector<std::vector<double>> by_m(fewer + 1, std::vector<double>{1});
  for (std::size_t n = 1; n <= more; ++n) {
    for (std::size_t m = 1; m <= fewer; ++m) {
      const double share = static_cast<double>(m) / static_cast<double>(m + n);
      std::vector<double>& probabilities = by_m[m];  // still those of n - 1
      probabilities.resize(m * n + 1, 0);
      for (double& probability : probabilities) probability *= 1 - share;
      const std::vector<double>& with_one_less = by_m[m - 1];
      for (std::size_t u = 0; u < with_one_less.size(); ++u)
        probabilities[u + n] += share * with_one_less[u];
    }
  }
  return by_m[fewer];
}

std::vector<double> signed_rank_distribution(std::size_t count) {
  std::vector<double> probabilities{1};
  for (std::size_t rank = 1; rank <= count; ++rank) {
    // Each rank is as likely to be a positive difference's as a negative one's.
    std::vector<double> next(probabilities.size() + rank, 0);
    for (std::size_t sum = 0; sum < probabilities.size(); ++sum) {
      next[sum] += probabilities[sum] / 2;
      next[sum + rank] += probabilities[sum] / 2;
    }
    probabilities = std::move(next);
  }
  return probabilities;
}

}  // namespace tunrelay
