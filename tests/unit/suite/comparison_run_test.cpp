// The loads that two programs are compared with.
#include "suite/comparison_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tunrelay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kSliceNs = 100 * kNanosecondsPerMillisecond;

TEST(ComparisonLoadsTest, CanBeSent) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {1, 2}))
    EXPECT_NO_THROW(check_load_spec(load.spec)) << load.name;
}

TEST(ComparisonLoadsTest, StandOnCpusWithoutWorkers) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {3, 1, 2})) {
    EXPECT_THAT(load.spec.source_cpus, ElementsAre(3)) << load.name;
    EXPECT_THAT(load.spec.sink_cpus, ElementsAre(1)) << load.name;
  }
}

TEST(ComparisonLoadsTest, ShareTheOnlyCpuWithoutAWorker) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {1})) {
    EXPECT_THAT(load.spec.source_cpus, ElementsAre(1)) << load.name;
    EXPECT_THAT(load.spec.sink_cpus, ElementsAre(1)) << load.name;
  }
}

TEST(ComparisonLoadsTest, StandAnywhereWhereWorkersAreEverywhere) {
  for (const LoadCase& load : comparison_loads(kSliceNs, {})) {
    EXPECT_THAT(load.spec.source_cpus, IsEmpty()) << load.name;
    EXPECT_THAT(load.spec.sink_cpus, IsEmpty()) << load.name;
  }
}

}  // namespace
}  // namespace tunrelay
