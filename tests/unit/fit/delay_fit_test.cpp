// SPDX-License-Identifier: MIT
// Delays that are fitted: their distribution comes back.
#include "fit/delay_fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "stage/jitter.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

TEST(DelayFit, QuantilesHardlyMoveWhereAFewPacketsAreVeryLate) {
  std::vector<std::int64_t> delays_ns;
  for (std::int64_t at = 0; at <= 1000; ++at) delays_ns.push_back(15'000'000 + at * 10'000);
  const DelayFit even = fit_delay(delays_ns);
  EXPECT_EQ(even.p5_ns, 15'500'000);
  EXPECT_EQ(even.p50_ns, 20'000'000);
  EXPECT_EQ(even.p95_ns, 24'500'000);
  EXPECT_EQ(even.config.delay_ns, 20'000'000);
  for (std::size_t late = 0; late < 10; ++late) delays_ns[late * 99] = 500'000'000;
  const DelayFit busy = fit_delay(delays_ns);
  EXPECT_NEAR(static_cast<double>(busy.p5_ns), 15'500'000, 200'000);
  EXPECT_NEAR(static_cast<double>(busy.p50_ns), 20'000'000, 200'000);
  EXPECT_NEAR(static_cast<double>(busy.p95_ns), 24'500'000, 200'000);
  EXPECT_GT(busy.config.delay_ns, 24'000'000) << "what the mean becomes";
}

TEST(DelayFit, TheTableHasTheDistributionThatWasMeasured) {
  SeededRandom random;
  std::lognormal_distribution<double> shape(std::log(20e6), 0.4);
  std::vector<std::int64_t> delays_ns(50'000);
  for (std::int64_t& delay : delays_ns) delay = std::llround(shape(random.generator()));
  const DelayFit fit = fit_delay(delays_ns);
  EXPECT_LT(fit.distance, 0.002);
  // What the stage draws from it has the same quantiles.
  Jitter jitter(fit.config, {.seed = 1});
  std::vector<std::int64_t> drawn;
  for (std::uint64_t number = 0; number < 50'000; ++number)
    drawn.push_back(jitter.delay_ns(number));
  std::sort(delays_ns.begin(), delays_ns.end());
  std::sort(drawn.begin(), drawn.end());
  for (const std::size_t at : {500U, 5'000U, 25'000U, 45'000U, 49'500U})
    EXPECT_NEAR(static_cast<double>(drawn[at]) / static_cast<double>(delays_ns[at]), 1, 0.03) << at;
}

TEST(DelayFit, ADelayThatDoesNotVaryHasNoTable) {
  const DelayFit fit = fit_delay({5'000'000, 5'000'000});
  EXPECT_EQ(fit.config.delay_ns, 5'000'000);
  EXPECT_EQ(fit.config.jitter_ns, 0);
  EXPECT_TRUE(fit.config.table.empty());
}

}  // namespace
}  // namespace tunrelay::test
