// SPDX-License-Identifier: MIT
// The rank tests: by hand, against counting all arrangements, and by what has to hold for any
// sample. scipy_test.cpp holds them against an independent implementation.
#include "analysis/rank_tests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/rank_distributions.hpp"
#include "analysis/ranks.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

using test::scaled;
using test::SeededRandom;
using testing::ElementsAre;

std::vector<double> some_values(SeededRandom& random, std::size_t count, std::uint64_t kinds) {
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<double>(random.between(1, kinds)) / 8;
  return values;
}

TEST(RanksTest, EqualValuesShareTheMeanRank) {
  const Ranks ranks = rank(std::vector<double>{30, 10, 30, 20, 30});
  EXPECT_THAT(ranks.ranks, ElementsAre(4, 1, 4, 2, 4));
  EXPECT_EQ(ranks.tie_term, 27 - 3);
  EXPECT_EQ(rank(std::vector<double>{2, 1}).tie_term, 0);
  EXPECT_TRUE(rank({}).ranks.empty());
}

TEST(RankDistributionsTest, AreThoseOfCountingAllArrangements) {
  for (std::size_t m = 1; m <= 4; ++m)
    for (std::size_t n = 1; n <= 5; ++n) {
      std::vector<double> counted(m * n + 1, 0);
      std::vector<bool> is_first(m + n, false);
      std::fill(is_first.end() - static_cast<std::ptrdiff_t>(m), is_first.end(), true);
      double arrangements = 0;
      do {
        std::size_t u = 0;
        std::size_t seconds = 0;
        for (const bool first : is_first) first ? u += seconds : ++seconds;
        ++counted[u];
        ++arrangements;
      } while (std::next_permutation(is_first.begin(), is_first.end()));
      for (double& count : counted) count /= arrangements;
      EXPECT_THAT(rank_sum_distribution(m, n),
                  testing::Pointwise(testing::DoubleNear(1e-14), counted));
      EXPECT_THAT(rank_sum_distribution(n, m),
                  testing::Pointwise(testing::DoubleNear(1e-14), counted));
    }
  for (std::size_t n = 1; n <= 10; ++n) {
    std::vector<double> counted(n * (n + 1) / 2 + 1, 0);
    for (std::size_t signs = 0; signs < 1U << n; ++signs) {
      std::size_t sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        if ((signs >> i & 1) != 0) sum += i + 1;
      counted[sum] += std::ldexp(1, -static_cast<int>(n));
    }
    EXPECT_THAT(signed_rank_distribution(n),
                testing::Pointwise(testing::DoubleNear(1e-14), counted));
  }
}

TEST(RankDistributionsTest, AddUpToOneWhenTheyAreLong) {
  const auto sum = [](const std::vector<double>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0);
  };
  EXPECT_NEAR(sum(rank_sum_distribution(8, 300)), 1, 1e-12);
  EXPECT_NEAR(sum(signed_rank_distribution(50)), 1, 1e-12);
}

TEST(MannWhitneyTest, CountsByHand) {
  // 5 beats 1, 2, 4; 3 beats 1, 2; 6 beats all four of 1, 2, 4, 4.5; of 35 orders of 3 and 4,
  // 1 + 1 + 2 have a U of 2 or less on the lower side.
  const std::vector<double> first{5, 3, 6};
  const std::vector<double> second{1, 2, 4, 4.5};
  const RankTest test = mann_whitney(first, second);
  EXPECT_EQ(test.statistic, 4 + 2 + 4);
  EXPECT_TRUE(test.exact);
  EXPECT_NEAR(test.p, 2 * 4.0 / 35, 1e-15);
  EXPECT_EQ(mann_whitney(second, first).statistic, 2);
  EXPECT_EQ(mann_whitney(second, first).p, test.p);
}

TEST(MannWhitneyTest, EqualValuesCountAHalfAndLeadToTheNormalApproximation) {
  const std::vector<double> first{1, 2};
  const std::vector<double> second{2, 3, 3};
  const RankTest test = mann_whitney(first, second);
  EXPECT_EQ(test.statistic, 0.5);
  EXPECT_FALSE(test.exact);
  // Variance 2 * 3 / 12 * (6 - (6 + 6) / 20) = 2.7; z = (5.5 - 3 - 0.5) / sqrt(2.7).
  EXPECT_NEAR(test.p, std::erfc(2 / std::sqrt(2.7) / std::sqrt(2)), 1e-14);
}

TEST(MannWhitneyTest, NothingDiffersWhenAllAreEqual) {
  const std::vector<double> all(20, 5);
  EXPECT_EQ(mann_whitney(all, all).p, 1);
  EXPECT_EQ(mann_whitney({all.data(), 1}, {all.data(), 1}).p, 1);
}

TEST(MannWhitneyTest, OrderDoesNotMatterNorWhichIsFirstNorTheScale) {
  SeededRandom random;
  for (std::size_t i = 0; i < scaled(300); ++i) {
    std::vector<double> first = some_values(random, random.between(1, 30), 40);
    std::vector<double> second = some_values(random, random.between(1, 30), 40);
    const RankTest test = mann_whitney(first, second);
    EXPECT_GT(test.p, 0);
    EXPECT_LE(test.p, 1);
    std::shuffle(first.begin(), first.end(), random.generator());
    std::shuffle(second.begin(), second.end(), random.generator());
    EXPECT_EQ(mann_whitney(first, second).p, test.p);
    const RankTest other = mann_whitney(second, first);
    EXPECT_NEAR(other.p, test.p, 1e-12);
    EXPECT_EQ(other.statistic + test.statistic, static_cast<double>(first.size() * second.size()));
    for (auto* values : {&first, &second})
      for (double& value : *values) value = std::exp(3 * value);
    EXPECT_EQ(mann_whitney(first, second).p, test.p) << "only the order of values counts";
  }
}

TEST(WilcoxonTest, CountsByHand) {
  // Ranks of the sizes: 1, 3, 4, 2, 5; the negative ones have 1 + 2 = 3. Of 32 signs five give a
  // sum of 3 or less: none, {1}, {2}, {3}, {1, 2}.
  const std::vector<double> differences{-0.5, 2, 3, -1, 7};
  const RankTest test = wilcoxon(differences);
  EXPECT_EQ(test.statistic, 3);
  EXPECT_TRUE(test.exact);
  EXPECT_NEAR(test.p, 2 * 5.0 / 32, 1e-15);
}

TEST(WilcoxonTest, LeavesZerosOut) {
  const std::vector<double> without{1, 2, 3, -4, 5, 6, 7, 8, 9, 10, 11, 12};
  std::vector<double> with = without;
  with.insert(with.end(), 4, 0.0);
  EXPECT_EQ(wilcoxon(with).statistic, 4);
  EXPECT_FALSE(wilcoxon(with).exact);
  // 12 differences are left: mean 39, variance 12 * 13 * 25 / 24 = 162.5.
  EXPECT_NEAR(wilcoxon(with).p, std::erfc(35 / std::sqrt(162.5) / std::sqrt(2)), 1e-14);
  EXPECT_EQ(wilcoxon(std::vector<double>{0, 0, 0}).p, 1);
  EXPECT_EQ(wilcoxon({}).p, 1);
}

TEST(WilcoxonTest, OrderAndSignDoNotMatter) {
  SeededRandom random;
  for (std::size_t i = 0; i < scaled(300); ++i) {
    std::vector<double> differences = some_values(random, random.between(1, 70), 1U << 20);
    for (double& difference : differences)
      if (random.chance(0.5)) difference = -difference;
    const RankTest test = wilcoxon(differences);
    std::shuffle(differences.begin(), differences.end(), random.generator());
    EXPECT_EQ(wilcoxon(differences).p, test.p);
    for (double& difference : differences) difference *= -8;
    EXPECT_NEAR(wilcoxon(differences).p, test.p, 1e-12);
  }
}

TEST(CriticalValuesTest, AreTheGreatestThatTheTestsReject) {
  // Of 10 differences, a sum of 8 has p 0.0488, one of 9 has 0.0645 (any table of Wilcoxon's test).
  EXPECT_EQ(greatest_rejected_rank_sum(10, 0.05), 8U);
  EXPECT_EQ(greatest_rejected_rank_sum(5, 0.05), std::nullopt) << "all of one sign have 2 / 32";
  EXPECT_EQ(greatest_rejected_rank_sum(6, 0.05), 0U);
  // Of 5 against 5, a U of 2 has p 0.032, one of 3 has 0.056.
  EXPECT_EQ(greatest_rejected_u(5, 5, 0.05), 2U);
  EXPECT_EQ(greatest_rejected_u(3, 3, 0.05), std::nullopt);
  // Tables of the normal approximation: 0.5 * 60 * 61 / 2 - 1.96 sqrt(60 * 61 * 121 / 24) = 648.7.
  EXPECT_EQ(greatest_rejected_rank_sum(60, 0.05), 648U);
}

}  // namespace
}  // namespace tunrelay
