// SPDX-License-Identifier: MIT
// Files of a link's speed over time.
#include "link/trace_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tunrelay::test {
namespace {

StageFile held(const std::string& name, const std::string& text) {
  return {name, std::make_shared<const std::string>(text)};
}
template <typename Read>
std::string file_refusal(const std::string& text, Read read) {
  try {
    static_cast<void>(read(held("file", text)));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return error.what();
  }
  return "it was taken";
}
std::string trace_refusal(const std::string& text) {
  return file_refusal(text, parse_delivery_trace);
}
std::string steps_refusal(const std::string& text) {
  return file_refusal(text, parse_rate_steps);
}

TEST(TraceFile, TimesAreMillisecondsToTheNanosecond) {
  EXPECT_EQ(parse_delivery_trace(held("t", "0\n1\n1\n# note\n\n2.000001 # here\n70\r\n")),
            (std::vector<std::int64_t>{0, 1'000'000, 1'000'000, 2'000'001, 70'000'000}));
}

TEST(TraceFile, WhatIsWrongIsReportedWithItsLine) {
  EXPECT_THAT(trace_refusal("1\n5\n\n4\n"), ::testing::HasSubstr("file:4: the time 4 comes after"));
  EXPECT_THAT(trace_refusal("1\nx\n"), ::testing::HasSubstr("file:2: 'x' is not a time"));
  EXPECT_THAT(trace_refusal("1 2\n"), ::testing::HasSubstr("file:1:"));
  EXPECT_THAT(trace_refusal("1.2.3\n"), ::testing::HasSubstr("file:1:"));
  EXPECT_THAT(trace_refusal("0\n0\n"), ::testing::HasSubstr("no length"));
  EXPECT_THAT(trace_refusal(""), ::testing::HasSubstr("no length"));
  EXPECT_THAT(trace_refusal("1e3\n"), ::testing::HasSubstr("file:1:"));
}

TEST(TraceFile, StepsHaveUnits) {
  const RateSteps steps =
      parse_rate_steps(held("s", "0 10mbit\n1.5s  0\n2s\t1gbit # fast\n3s repeat\n"));
  EXPECT_EQ(steps.steps, (std::vector<RatePace::Step>{
                             {0, 10'000'000}, {1'500'000'000, 0}, {2'000'000'000, 1'000'000'000}}));
  EXPECT_EQ(steps.period_ns, 3'000'000'000);
  EXPECT_THAT(steps_refusal("0 10mbit\n1 5mbit\n"), ::testing::HasSubstr("file:2: '1': it has no"));
  EXPECT_THAT(steps_refusal("0 10mbit\n0 5mbit\n"),
              ::testing::HasSubstr("file:2: the time is not"));
  EXPECT_THAT(steps_refusal("0 10mbit\n1s repeat\n2s 5mbit"), ::testing::HasSubstr("file:3:"));
  EXPECT_THAT(steps_refusal("0\n"), ::testing::HasSubstr("there is no rate"));
  EXPECT_THAT(steps_refusal("0 0\n1s 0\n"), ::testing::HasSubstr("carries anything"));
  EXPECT_THAT(steps_refusal("5s repeat\n"), ::testing::HasSubstr("there is no step"));
}

}  // namespace
}  // namespace tunrelay::test
