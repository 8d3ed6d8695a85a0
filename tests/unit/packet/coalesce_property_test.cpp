// SPDX-License-Identifier: MIT
// Random batches: whatever is merged comes out as it was (support/merge_checks.hpp).
#include <gtest/gtest.h>

#include "packet/coalesce.hpp"
#include "support/merge_checks.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

class CoalescePropertyTest : public ::testing::TestWithParam<MergeRules> {};

TEST_P(CoalescePropertyTest, HoldsForRandomBatches) {
  SeededRandom random;
  const MergeRules rules = GetParam();
  Coalescer coalescer{rules};
  std::size_t merged_packets = 0;
  for (std::size_t times = scaled(1500); times > 0; --times) {
    const std::size_t packets = random.chance(0.1) ? kMaxBatch : random.between(0, 40);
    std::vector<std::uint8_t> script(9 + 3 * packets);
    for (std::uint8_t& byte : script) byte = static_cast<std::uint8_t>(random.between(0, 255));
    // One flow alone, or all of them; smooth or rough.
    const bool one_flow = random.chance(0.3);
    const double smooth = random.chance(0.5) ? 0.9 : 0;
    for (std::size_t at = 9; at < script.size(); at += 3) {
      if (one_flow) script[at] = script[9];
      if (random.chance(smooth)) script[at + 1] = 0;
    }
    MergeChecks checks{coalescer, rules, batch_of(script)};
    ASSERT_EQ(checks.run(), "");
    merged_packets += checks.merged_packets();
  }
  EXPECT_GT(merged_packets, scaled(1500)) << "the batches hardly ever merge: a test of nothing";
}

INSTANTIATE_TEST_SUITE_P(Rules, CoalescePropertyTest,
                         ::testing::Values(MergeRules{}, MergeRules{.renumber_atomic = false},
                                           MergeRules{.udp = false}, MergeRules{.tcp = false},
                                           MergeRules{.big_tcp = true},
                                           MergeRules{.renumber_atomic = false, .big_tcp = true}),
                         [](const auto& rules) {
                           if (rules.param.big_tcp)
                             return rules.param.renumber_atomic ? "BigTcp" : "BigTcpAllIdsKept";
                           if (!rules.param.udp) return "TcpAlone";
                           if (!rules.param.tcp) return "UdpAlone";
                           return rules.param.renumber_atomic ? "AtomicIdsRenumbered"
                                                              : "AllIdsKept";
                         });

}  // namespace
}  // namespace tunrelay::test
