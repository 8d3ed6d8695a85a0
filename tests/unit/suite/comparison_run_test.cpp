// SPDX-License-Identifier: MIT
// The loads that two programs are compared with.
#include "suite/comparison_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace tunrelay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kSliceNs = 100 * kNanosecondsPerMillisecond;

TEST(ComparisonLoadsTest, CanBeSent) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {1, 2}, 65'000))
    EXPECT_NO_THROW(check_load_spec(load.spec)) << load.name;
}

TEST(ComparisonLoadsTest, StandOnTheFirstTwoCpus) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {3, 1, 2}, 0)) {
    EXPECT_THAT(load.spec.source_cpus, ElementsAre(3)) << load.name;
    EXPECT_THAT(load.spec.sink_cpus, ElementsAre(1)) << load.name;
  }
}

TEST(ComparisonLoadsTest, ShareTheOnlyCpu) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {1}, 0)) {
    EXPECT_THAT(load.spec.source_cpus, ElementsAre(1)) << load.name;
    EXPECT_THAT(load.spec.sink_cpus, ElementsAre(1)) << load.name;
  }
}

TEST(ComparisonLoadsTest, StandAnywhereWithoutCpus) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {}, 0)) {
    EXPECT_THAT(load.spec.source_cpus, IsEmpty()) << load.name;
    EXPECT_THAT(load.spec.sink_cpus, IsEmpty()) << load.name;
  }
}

TEST(ComparisonLoadsTest, HaveThePortsOfTheirRound) {
  const auto port = [](std::uint32_t round) {
    return comparison_loads(kSliceNs, {}, round).front().spec.first_port;
  };
  EXPECT_EQ(port(0) + 1, port(1));
  EXPECT_EQ(port(5), port(5));
  EXPECT_EQ(port(0), port(10'000));
  // Below all that a host chooses by itself (ip_local_port_range).
  EXPECT_LT(port(9'999), 32'768);
}

/// What a look has said of each load's one metric.
Comparison look_at(std::optional<Verdict> tcp, std::optional<Verdict> round_trip) {
  Comparison look;
  look.metrics.resize(2);
  look.metrics[0].metric = "tcp_1_flow/throughput";
  look.metrics[0].verdict = tcp;
  look.metrics[1].metric = "round_trip/round_trip_p50";
  look.metrics[1].verdict = round_trip;
  return look;
}

std::vector<std::string> names_of_open_loads(const Comparison& look) {
  std::vector<std::string> names;
  for (const LoadCase& load : open_loads(comparison_loads(kSliceNs, {}, 0), look))
    names.push_back(load.name);
  return names;
}

TEST(OpenLoadsTest, AreThoseOfWhichSomethingIsInconclusive) {
  constexpr auto kOpen = Verdict::kInconclusive;
  EXPECT_THAT(names_of_open_loads(look_at(kOpen, Verdict::kSame)), ElementsAre("tcp_1_flow"));
  EXPECT_THAT(names_of_open_loads(look_at(Verdict::kBetter, kOpen)), ElementsAre("round_trip"));
  EXPECT_THAT(names_of_open_loads(look_at(kOpen, kOpen)), ElementsAre("tcp_1_flow", "round_trip"));
  EXPECT_THAT(names_of_open_loads(look_at(std::nullopt, kOpen)), ElementsAre("round_trip"));
}

TEST(OpenLoadsTest, AreAllWhereNothingIsKnown) {
  EXPECT_THAT(names_of_open_loads({}), ElementsAre("tcp_1_flow", "round_trip"));
}

}  // namespace
}  // namespace tunrelay
