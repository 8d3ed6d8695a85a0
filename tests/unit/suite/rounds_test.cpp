// SPDX-License-Identifier: MIT
// How long rounds go on: `--confidence` as it is written, and when it counts as reached.
#include "suite/rounds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(PrecisionGoalTest, IsReadWithAndWithoutPercentSigns) {
  EXPECT_DOUBLE_EQ(parse_precision_goal("95,2%").confidence, 0.95);
  EXPECT_DOUBLE_EQ(parse_precision_goal("95,2%").half_width, 0.02);
  EXPECT_DOUBLE_EQ(parse_precision_goal("99%,0.5").confidence, 0.99);
  EXPECT_DOUBLE_EQ(parse_precision_goal("99%,0.5").half_width, 0.005);
  EXPECT_DOUBLE_EQ(parse_precision_goal("90").half_width, 0.02);
}

TEST(PrecisionGoalTest, RefusesWhatIsNoConfidence) {
  for (const char* text : {"", ",", "95,", "0,2", "100,2", "95,0", "95,100", "95,2,3", "x", "-5,2"})
    EXPECT_EQ(test::thrown_error([text] { return parse_precision_goal(text); }).exit_code(),
              ExitCode::kUsage)
        << text;
}

/// A throughput whose samples lie evenly between LOW and HIGH, in mixed order.
Result spread_result(double low, double high, std::uint32_t samples) {
  Result result;
  Metric& metric = result.metric("tcp/throughput", "bits_per_s", Better::kHigher);
  for (std::uint32_t round = 0; round < samples; ++round)
    metric.samples.push_back({.path = kSubject,
                              .round = round,
                              .value = low + (high - low) * ((round * 7) % samples) / samples,
                              .at_s = static_cast<double>(round),
                              .invalid_reason = ""});
  return result;
}

TEST(PrecisionReachedTest, NarrowSamplesReachIt) {
  Result result = spread_result(99, 101, 40);
  EXPECT_TRUE(reaches({.confidence = 0.95, .half_width = 0.02}, result, true));
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST(PrecisionReachedTest, WideOnesDoNotAndAreNamed) {
  Result result = spread_result(50, 150, 40);
  EXPECT_FALSE(reaches({.confidence = 0.95, .half_width = 0.02}, result, true));
  EXPECT_THAT(result.notes, Contains(HasSubstr("tcp/throughput is known to")));
}

TEST(PrecisionReachedTest, TooFewSamplesAreNotKnownAtAll) {
  Result result = spread_result(100, 100.1, 3);
  EXPECT_FALSE(reaches({.confidence = 0.95, .half_width = 0.02}, result, true));
  EXPECT_THAT(result.notes, Contains(HasSubstr("is not known")));
}

TEST(PrecisionReachedTest, ChecksOnlyHeadlines) {
  Result result = spread_result(99, 101, 40);
  result.metric("tcp/one_way_p99", "ns", Better::kLower)
      .samples.push_back(
          {.path = kSubject, .round = 0, .value = 1, .at_s = 0, .invalid_reason = ""});
  EXPECT_TRUE(reaches({.confidence = 0.95, .half_width = 0.02}, result, false));
}

}  // namespace
}  // namespace tunrelay
