// SPDX-License-Identifier: MIT
// The packet memory: references, the queue memory, and memory that follows use.
#include "engine/buffer_arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "support/random.hpp"
#include "support/resident_memory.hpp"
#include "support/sanitizer.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPagesOfSuperPacket = 16;
constexpr std::size_t kMaxPages = kPagesOfSuperPacket + 1;  ///< of a slot

/// Half a page less than PAGES, so that it fits them wherever in its first page the slot begins.
BufferId take_used(BufferArena& arena, std::uint8_t reader, std::size_t pages) {
  const auto id = arena.take(reader);
  EXPECT_TRUE(id.has_value());
  std::memset(arena.data(*id), 1, pages * kPage - kPage / 2);
  arena.note_use(*id, pages * kPage - kPage / 2);
  return *id;
}

/// Lets periods of time pass without a packet, with the turns that the arena asks for, until it has
/// nothing more to give back. Returns how many turns that took.
int pass_time(BufferArena& arena, std::int64_t& now_ns) {
  int turns = 0;
  for (const std::int64_t end_ns = now_ns + 3 * BufferArena::kMemoryPeriodNs;; ++turns) {
    const std::int64_t next_ns = arena.next_give_back_ns();
    if (next_ns > end_ns) break;
    now_ns = std::max(now_ns, next_ns);
    arena.give_back(now_ns);
  }
  now_ns += 3 * BufferArena::kMemoryPeriodNs;
  return turns;
}

/// The most memory that an arena of so many slots may have with so much in use.
std::size_t bound_for(std::size_t slots, std::size_t used_bytes) {
  return slots * kMaxPages * kPage + used_bytes + used_bytes / 2 + kMaxPages * kPage;
}

TEST(BufferArena, FreesASlotWithItsLastHolder) {
  BufferArena arena(2);
  const auto first = arena.take(0);
  const auto second = arena.take(1);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(arena.take(0)) << "both are in use";
  arena.retain(*first);
  arena.release(*first);
  EXPECT_FALSE(arena.take(0)) << "one holder is left";
  arena.release(*first);
  EXPECT_EQ(arena.take(0), first);
}

TEST(BufferArena, UsesTheSlotAgainThatWasGivenBackLast) {
  BufferArena arena(4, 64 * kPage);
  const auto first = arena.take(0);
  const auto second = arena.take(0);
  arena.release(*first);
  arena.release(*second);
  EXPECT_EQ(arena.take(0), second);
  EXPECT_EQ(arena.take(0), first);
}

TEST(BufferArena, BoundsWhatEachReaderQueuesByBytes) {
  BufferArena arena(4, 64 * kPage);
  std::vector<BufferId> queued;
  while (arena.may_queue(0)) queued.push_back(take_used(arena, 0, kPagesOfSuperPacket));
  EXPECT_EQ(queued.size(), 64 / kPagesOfSuperPacket + 1) << "the one that is too many is dropped";
  EXPECT_TRUE(arena.may_queue(1)) << "the other direction has its own";
  EXPECT_TRUE(arena.take(0)) << "there is still a slot to read into";
  arena.release(queued.back());
  EXPECT_TRUE(arena.may_queue(0));
}

TEST(BufferArena, BoundsWhatEachReaderQueuesBySlots) {
  BufferArena arena(4, 8 * kPage);
  std::vector<BufferId> queued;
  while (arena.may_queue(0)) queued.push_back(take_used(arena, 0, 1));
  EXPECT_EQ(queued.size(), 9U);
  for (int more = 0; more < 8; ++more) (void)take_used(arena, 1, 1);
  EXPECT_TRUE(arena.may_queue(1));
  EXPECT_GT(arena.free_slots(), 0U) << "reading goes on when both queue as much as they may";
}

TEST(BufferArena, IsBoundedBySlotsForSmallPacketsWhateverTheQueueMemory) {
  const BufferArena arena(192, std::size_t{1} << 30);
  EXPECT_EQ(arena.slots(), 65'535U);
  EXPECT_LE(arena.touched_bytes(), 192 * kPage) << "address space, and not memory";
}

TEST(BufferArena, GivesMemoryBackWhenOtherSlotsGetLarge) {
  // Every slot is once full of a super-packet, one at a time, and then holds a small packet.
  constexpr std::size_t kSlots = 2;
  BufferArena arena(kSlots, 32 * kPage);
  std::vector<BufferId> small;
  for (std::size_t turn = 0; turn < arena.slots() - 1; ++turn) {
    const BufferId large = take_used(arena, 0, kPagesOfSuperPacket);
    arena.release(large);
    small.push_back(take_used(arena, 0, 1));  // the same slot, so that the next one is another
    EXPECT_EQ(small.back(), large);
  }
  EXPECT_LE(arena.touched_bytes(), bound_for(kSlots, small.size() * kPage));
  for (const BufferId id : small) {
    EXPECT_EQ(*arena.data(id), std::byte{1}) << "what is in use is never given back";
    arena.release(id);
  }
  std::int64_t now_ns = 0;
  pass_time(arena, now_ns);
  EXPECT_LE(arena.touched_bytes(), bound_for(kSlots, 0));
}

TEST(BufferArena, FramesOfStagesDoNotTakeTheSlotsOfSuperPackets) {
  BufferArena arena(128, std::size_t{64} << 20);
  const auto go_round = [&arena] {
    std::vector<BufferId> used;
    for (int packet = 0; packet < 8; ++packet)
      used.push_back(take_used(arena, 0, kPagesOfSuperPacket));
    for (int segment = 0; segment < 8 * 45; ++segment) {
      used.push_back(arena.take_for_frame(0).value());
      arena.note_use(used.back(), 1500);
    }
    for (const BufferId id : used) arena.release(id);
  };
  std::int64_t now_ns = 0;
  for (int warm_up = 0; warm_up < 2; ++warm_up) go_round();
  pass_time(arena, now_ns);
  arena.give_back(++now_ns);  // a period begins
  go_round();
  const std::size_t touched = arena.touched_bytes();
  // Slots that serve as both have pages to give back and to fault in again, each round.
  for (int round = 0; round < 100; ++round) {
    go_round();
    arena.give_back(++now_ns);
    ASSERT_EQ(arena.touched_bytes(), touched) << "round " << round;
  }
}

TEST(BufferArena, KeepsItsMemoryWhileAQueueGoesUpAndDown) {
  BufferArena arena(16, std::size_t{64} << 20);
  std::vector<BufferId> queued;
  std::size_t touched = 0;
  std::int64_t now_ns = 0;
  constexpr std::int64_t kRoundTripNs = BufferArena::kMemoryPeriodNs / 8;
  for (int round_trip = 0; round_trip < 40; ++round_trip, now_ns += kRoundTripNs) {
    for (std::int64_t turn = 0; turn < 600; ++turn) {
      if (turn < 300) {
        queued.push_back(take_used(arena, 0, kPagesOfSuperPacket));
      } else {
        arena.release(queued.back());
        queued.pop_back();
      }
      arena.give_back(now_ns + turn * kRoundTripNs / 600);
    }
    if (round_trip == 0) touched = arena.touched_bytes();
    ASSERT_LE(arena.touched_bytes(), touched) << "round trip " << round_trip;
    ASSERT_GE(arena.touched_bytes() + kMaxPages * kPage, touched) << "but for a slot a period";
  }
  EXPECT_GE(touched, 300 * kPagesOfSuperPacket * kPage);
  EXPECT_GT(pass_time(arena, now_ns), 300 / 20) << "a turn does a little";
  EXPECT_LE(arena.touched_bytes(), bound_for(16, 0));
}

/// Slots that super-packets have gone through, as many as there are, in the kernel's order.
void fill_slots(BufferArena& arena, std::size_t count) {
  std::vector<BufferId> used;
  for (std::size_t slot = 0; slot < count; ++slot)
    used.push_back(take_used(arena, 0, kPagesOfSuperPacket));
  for (const BufferId id : used) arena.release(id);
}

TEST(BufferArena, ForgetsSlotsThatWereNeededOnceWhileOthersGoOn) {
  constexpr std::size_t kSlots = 64;
  BufferArena arena(kSlots, std::size_t{64} << 20);
  fill_slots(arena, kSlots);
  std::int64_t now_ns = 0;
  for (int turn = 0; turn < 1000; ++turn, now_ns += BufferArena::kMemoryPeriodNs / 8) {
    fill_slots(arena, 4);
    arena.give_back(now_ns);
  }
  EXPECT_LE(arena.touched_bytes(), kSlots * kPage + 4 * kMaxPages * kPage);
}

TEST(BufferArena, AtRestHasAPageASlotAndAsksForNoTurn) {
  constexpr std::size_t kSlots = 64;
  BufferArena arena(kSlots, std::size_t{64} << 20);
  const std::size_t before = arena.touched_bytes();
  const BufferId given_to_kernel = take_used(arena, 1, kPagesOfSuperPacket);
  arena.note_use(given_to_kernel, 0);
  fill_slots(arena, kSlots - 1);
  std::int64_t now_ns = 0;
  pass_time(arena, now_ns);
  EXPECT_LE(arena.touched_bytes(), before + kMaxPages * kPage) << "but that of the kernel";
  EXPECT_EQ(arena.next_give_back_ns(), std::numeric_limits<std::int64_t>::max());
}

TEST(BufferArena, GivesCompactSlotsBackToo) {
  BufferArena arena(16, std::size_t{64} << 20);
  const std::size_t idle = arena.touched_bytes();
  std::vector<BufferId> queued;
  std::int64_t now_ns = 0;
  for (int packet = 0; packet < 4000; ++packet) {
    queued.push_back(arena.compact(take_used(arena, 0, 1), 1000));
    arena.give_back(++now_ns);
  }
  EXPECT_EQ(arena.free_slots(), arena.slots()) << "each packet is in a compact slot";
  EXPECT_GE(arena.touched_bytes(), idle + 1000 * kPage);
  for (const BufferId id : queued) {
    arena.release(id);
    arena.give_back(++now_ns);
  }
  EXPECT_GE(arena.touched_bytes(), idle + 1000 * kPage) << "it may go up again";
  EXPECT_GT(pass_time(arena, now_ns), 0);
  EXPECT_LE(arena.touched_bytes(), idle + 2 * 64 * kPage);
}

TEST(BufferArena, MemoryFollowsABurstOfAnySizesBothUpAndDown) {
  test::SeededRandom random;
  constexpr std::size_t kSlots = 16;
  BufferArena arena(kSlots, 4000 * kPage);
  std::vector<std::pair<BufferId, std::size_t>> queued;
  std::size_t used = 0;
  std::int64_t now_ns = 0;
  for (int burst = 0; burst < 20; ++burst) {
    const std::size_t packets = random.between(1, 1500);
    const double small = random.chance(0.5) ? 0.95 : 0.05;
    while (queued.size() < packets && arena.may_queue(0)) {
      const std::size_t pages = random.chance(small) ? 1 : random.between(2, kPagesOfSuperPacket);
      queued.emplace_back(take_used(arena, 0, pages), pages);
      used += pages * kPage;
      ASSERT_LE(arena.touched_bytes(), bound_for(kSlots, used));
      arena.give_back(++now_ns);
    }
    const std::size_t left = random.chance(0.3) ? 0 : random.between(0, queued.size());
    while (queued.size() > left) {
      std::swap(queued[random.between(0, queued.size() - 1)], queued.back());
      EXPECT_EQ(*arena.data(queued.back().first), std::byte{1}) << "what is in use stays";
      used -= queued.back().second * kPage;
      arena.release(queued.back().first);
      queued.pop_back();
      arena.give_back(++now_ns);
    }
    pass_time(arena, now_ns);
    ASSERT_LE(arena.touched_bytes(), bound_for(kSlots, used));
  }
}

#ifndef TUNRELAY_UNDER_SANITIZER  // which has memory of its own beside each page
/// What touched_bytes() says is what the kernel counts.
TEST(BufferArena, GivesBackRealMemory) {
  BufferArena arena(16, 8000 * kPage);
  const std::size_t before = test::resident_bytes_of();
  std::vector<BufferId> queued;
  for (int packet = 0; packet < 400; ++packet)
    queued.push_back(take_used(arena, 0, kPagesOfSuperPacket));
  EXPECT_GT(test::resident_bytes_of(), before + 350 * kPagesOfSuperPacket * kPage);
  for (const BufferId id : queued) arena.release(id);
  std::int64_t now_ns = 0;
  pass_time(arena, now_ns);
  EXPECT_LT(test::resident_bytes_of(), before + bound_for(16, 0) + 64 * kPage);
}
#endif

}  // namespace
}  // namespace tunrelay
