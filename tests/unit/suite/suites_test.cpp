// SPDX-License-Identifier: MIT
// The table of suites: names, what is filled in, and loads that can be sent.
#include "suite/suites.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

TEST(SuitesTest, NamesAreDifferentAndFound) {
  std::set<std::string_view> names;
  for (const Suite& suite : suites()) {
    EXPECT_TRUE(names.insert(suite.name).second) << suite.name;
    EXPECT_EQ(find_suite(suite.name).name, suite.name);
  }
}

TEST(SuitesTest, AnUnknownOneIsAnsweredWithThoseThatThereAre) {
  const Error error = test::thrown_error([] { return find_suite("warp"); });
  EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("throughput"));
}

TEST(SuiteOptionsTest, OpenOnesAreTheSuites) {
  const SuiteOptions options = complete_options(find_suite("mrr"), {});
  EXPECT_EQ(options.duration_ns, kNanosecondsPerSecond);
  EXPECT_EQ(options.rounds, 10U);
  EXPECT_EQ(options.warm_up_ns, kNanosecondsPerSecond / 10);
  EXPECT_EQ(options.time_limit_ns, 0);
}

TEST(SuiteOptionsTest, WhatIsRequestedStays) {
  SuiteOptions requested;
  requested.duration_ns = 3 * kNanosecondsPerSecond;
  requested.warm_up_ns = 0;
  requested.rounds = 2;
  const SuiteOptions options = complete_options(find_suite("soak"), requested);
  EXPECT_EQ(options.duration_ns, requested.duration_ns);
  EXPECT_EQ(options.warm_up_ns, 0);
  EXPECT_EQ(options.rounds, 2U);
  EXPECT_EQ(options.time_limit_ns, 0) << "so many rounds, not so long";
}

TEST(SuiteOptionsTest, ASearchForPrecisionHasAnEnd) {
  SuiteOptions requested;
  requested.precision = PrecisionGoal{};
  requested.rounds = 7;
  const SuiteOptions options = complete_options(find_suite("throughput"), requested);
  EXPECT_GT(options.time_limit_ns, 0);
  EXPECT_EQ(options.rounds, 7U);
}

TEST(SuiteLoadsTest, CanBeSent) {
  const SuiteOptions options = complete_options(find_suite("smoke"), {});
  for (const LoadCase& load : {udp_flood(options, 64), udp_flood(options, 1518), udp_imix(options),
                               tcp_stream(options, 4), round_trips(options)}) {
    EXPECT_NO_THROW(check_load_spec(load.spec)) << load.name;
    EXPECT_EQ(load.spec.duration_ns, options.duration_ns) << load.name;
  }
}

}  // namespace
}  // namespace tunrelay
