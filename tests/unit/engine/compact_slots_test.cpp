// SPDX-License-Identifier: MIT
// Slots for small packets: what is written stays, all can be used, memory follows use.
#include "engine/compact_slots.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "support/random.hpp"
#include "support/resident_memory.hpp"
#include "support/sanitizer.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kSlotPage = 4096;

struct Kept {
  CompactSlots::Id id;
  std::size_t bytes;
  unsigned char mark;
};

TEST(CompactSlots, ASlotIsFreeWithItsLastReference) {
  CompactSlots slots(kSlotPage);
  const auto first = slots.take(100);
  ASSERT_TRUE(first.has_value());
  slots.retain(*first);
  EXPECT_FALSE(slots.release(*first));
  EXPECT_NE(slots.take(100), first);
  EXPECT_TRUE(slots.release(*first));
  EXPECT_EQ(slots.take(100), first);
}

TEST(CompactSlots, APageHasTwoLargeOrThirtyTwoSmallOnes) {
  for (const auto& [bytes, count] :
       {std::pair{CompactSlots::kMaxBytes, 2U}, {1'352U, 3U}, {1U, 32U}}) {
    CompactSlots slots(kSlotPage);
    std::set<std::byte*> places;
    for (std::size_t slot = 0; slot < count; ++slot) {
      const auto id = slots.take(bytes);
      ASSERT_TRUE(id.has_value()) << bytes;
      places.insert(slots.data(*id));
    }
    EXPECT_EQ(places.size(), count);
    EXPECT_FALSE(slots.take(1).has_value());
  }
}

TEST(CompactSlots, AFreePageIsCutAnew) {
  CompactSlots slots(kSlotPage);
  for (int round = 0; round < 3; ++round) {
    std::vector<CompactSlots::Id> ids;
    while (const auto id = slots.take(round == 1 ? 64 : 1500)) ids.push_back(*id);
    EXPECT_EQ(ids.size(), round == 1 ? 32U : 2U);
    for (const CompactSlots::Id id : ids) EXPECT_TRUE(slots.release(id));
    EXPECT_EQ(slots.used_bytes(), 0U);
  }
}

/// What was needed within the last period stays; what was needed before goes.
void give_all_back(CompactSlots& slots) {
  for (int period = 0; period < 2; ++period) {
    EXPECT_TRUE(slots.will_give_back());
    slots.begin_period();
    EXPECT_EQ(slots.give_back(), period != 0);
  }
  while (slots.give_back()) continue;
  EXPECT_FALSE(slots.will_give_back());
}

TEST(CompactSlots, NothingIsOverwrittenAndMemoryFollowsUse) {
  test::SeededRandom random;
  constexpr std::size_t kPages = 2000;
  CompactSlots slots(kPages * kSlotPage);
  std::vector<Kept> kept;
  std::size_t bytes_kept = 0;
  std::size_t most = 0;
  const auto let_go = [&](std::size_t index) {
    std::swap(kept[index], kept.back());
    const Kept& last = kept.back();
    const std::byte* data = slots.data(last.id);
    for (std::size_t at = 0; at < last.bytes; ++at)
      ASSERT_EQ(data[at], static_cast<std::byte>(last.mark));
    EXPECT_TRUE(slots.release(last.id));
    bytes_kept -= last.bytes;
    kept.pop_back();
  };
  for (int burst = 0; burst < 30; ++burst) {
    const std::size_t wanted = random.between(0, 6000);
    const std::size_t largest = random.chance(0.5) ? 128 : CompactSlots::kMaxBytes;
    while (kept.size() < wanted) {
      const std::size_t bytes = random.between(1, largest);
      const auto id = slots.take(bytes);
      if (!id) break;
      const auto mark = static_cast<unsigned char>(random.between(0, 255));
      std::memset(slots.data(*id), mark, bytes);
      kept.push_back({*id, bytes, mark});
      bytes_kept += bytes;
      most = std::max(most, kept.size());
    }
    EXPECT_GE(slots.used_bytes(), bytes_kept);
    while (kept.size() > wanted / 4) let_go(random.between(0, kept.size() - 1));
    EXPECT_LE(slots.touched_bytes(), kPages * kSlotPage);
  }
  EXPECT_GT(most, 2000U);
  while (!kept.empty()) let_go(0);
  EXPECT_EQ(slots.used_bytes(), 0U);
  EXPECT_GT(slots.touched_bytes(), 128 * kSlotPage);
  give_all_back(slots);
  EXPECT_LE(slots.touched_bytes(), 128 * kSlotPage);
}

TEST(CompactSlots, AQueueOfPacketsTakesLittleMoreThanThey) {
  // In the order in which they came, as links let go: MTU-sized ones, an IMIX, voice.
  for (const std::vector<std::size_t>& sizes :
       {std::vector<std::size_t>{1'510}, {50, 50, 50, 586, 586, 1'510}, {1'210}, {214}}) {
    CompactSlots slots(std::size_t{64} << 20U);
    std::vector<std::pair<CompactSlots::Id, std::size_t>> queue;
    std::size_t first = 0;
    std::size_t bytes_kept = 0;
    for (std::size_t packet = 0; packet < 40'000; ++packet) {
      const std::size_t bytes = sizes[packet % sizes.size()];
      queue.emplace_back(slots.take(bytes).value(), bytes);
      bytes_kept += bytes;
      if (packet < 10'000) continue;
      EXPECT_TRUE(slots.release(queue[first].first));
      bytes_kept -= queue[first++].second;
    }
    EXPECT_LE(slots.touched_bytes(), bytes_kept * 2) << sizes[0];
  }
}

#ifndef TUNRELAY_UNDER_SANITIZER  // which has memory of its own beside each page
TEST(CompactSlots, GivesBackMemoryToTheSystem) {
  CompactSlots slots(std::size_t{64} << 20U);
  std::vector<CompactSlots::Id> ids;
  ids.reserve(20'000);
  const std::size_t before = test::resident_bytes_of();
  for (int packet = 0; packet < 20'000; ++packet) ids.push_back(slots.take(1'500).value());
  EXPECT_GT(test::resident_bytes_of(), before + 9'000 * kSlotPage);
  for (const CompactSlots::Id id : ids) slots.release(id);
  give_all_back(slots);
  EXPECT_LT(test::resident_bytes_of(), before + 400 * kSlotPage);
}
#endif

}  // namespace
}  // namespace tunrelay
