// SPDX-License-Identifier: MIT
// The lanes of a direction at the same time: no number is given twice or left out, so that as many
// wire segments are hit as the sequence hits, whoever brings them.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "hit_statistics.hpp"
#include "impairment_fixture.hpp"
#include "stage/loss.hpp"

namespace tunrelay::test {
namespace {

TEST(SegmentNumbersThreadTest, LanesThatRunAtOnceLoseTogetherWhatTheSequenceLoses) {
  constexpr std::size_t kLanes = 4;
  constexpr std::size_t kTimes = 300;
  constexpr std::uint16_t kSegmentsOfOne = 20;
  const GilbertElliottLoss config{0.05, 0.3, 0.9, 0.01};
  const auto numbers = new_numbers();
  std::vector<std::size_t> lost(kLanes);
  std::vector<std::thread> threads;
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    threads.emplace_back([&, lane] {
      Loss loss(config, kSomeKey, numbers);
      const SegmentedPackets packets({kSegmentsOfOne});
      StageRecord record;
      for (std::size_t times = 0; times < kTimes; ++times)
        record.give(loss, packets.packets().front(), 0);
      lost[lane] = record.dropped.size();
    });
  for (std::thread& thread : threads) thread.join();
  std::size_t lost_in_all = 0;
  for (const std::size_t count : lost) lost_in_all += count;
  const Hits hits =
      hits_of(*make_loss_hits(LossConfig(config), kSomeKey), kLanes * kTimes * kSegmentsOfOne);
  EXPECT_EQ(lost_in_all, static_cast<std::size_t>(std::count(hits.begin(), hits.end(), true)));
}

}  // namespace
}  // namespace tunrelay::test
