// SPDX-License-Identifier: MIT
// Parts of a stream in a fixed number of places, against a set of all its numbers.
#include "flow/sequence_ranges.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(MissingRangesTest, AreThoseOfASetOfNumbers) {
  test::SeededRandom random;
  for (std::size_t round = 0; round < test::scaled(500); ++round) {
    const auto base = static_cast<std::uint32_t>(UINT32_MAX - random.between(0, 600));
    MissingRanges ranges;
    std::set<std::uint32_t> missing;  // offsets from BASE
    std::uint32_t next = 0;
    for (int step = 0; step < 60; ++step) {
      const auto begin = static_cast<std::uint32_t>(random.between(0, next));
      const auto end = begin + static_cast<std::uint32_t>(random.between(1, 20));
      if (random.chance(0.3)) {
        ranges.add({base + next, base + next + 5});
        for (std::uint32_t number = next; number < next + 5; ++number) missing.insert(number);
        next += 7;
      } else {
        ranges.fill({base + begin, base + end});
        for (std::uint32_t number = begin; number < end; ++number) missing.erase(number);
      }
      const auto first = missing.lower_bound(begin);
      ASSERT_EQ(ranges.overlaps({base + begin, base + end}),
                first != missing.end() && *first < end);
      ASSERT_EQ(ranges.empty(), missing.empty());
      if (random.chance(0.1)) {
        ranges.forget_below(base + begin);
        missing.erase(missing.begin(), missing.lower_bound(begin));
      }
    }
  }
}

TEST(MissingRangesTest, ForgetTheLowestForLackOfRoomAndSayWhatThatMayBe) {
  MissingRanges ranges;
  std::uint32_t begin = 0;
  for (std::size_t count = 0; count < MissingRanges::kMaxRanges; ++count, begin += 10)
    ranges.add({begin, begin + 5});
  EXPECT_FALSE(ranges.may_overlap_forgotten({0, 1000}));
  ranges.add({begin, begin + 5});
  EXPECT_FALSE(ranges.overlaps({0, 5}));
  EXPECT_TRUE(ranges.may_overlap_forgotten({4, 10}));
  EXPECT_TRUE(ranges.overlaps({10, 15}));
  ranges.fill({begin + 2, begin + 3});  // one becomes two
  EXPECT_FALSE(ranges.overlaps({10, 15}));
  EXPECT_TRUE(ranges.may_overlap_forgotten({14, 15}));
  EXPECT_TRUE(ranges.overlaps({begin, begin + 1}));
  EXPECT_FALSE(ranges.overlaps({begin + 2, begin + 3}));
  EXPECT_TRUE(ranges.overlaps({begin + 4, begin + 5}));
  ranges.forget_below(14);
  EXPECT_TRUE(ranges.may_overlap_forgotten({14, 15}));
  ranges.forget_below(15);
  EXPECT_FALSE(ranges.may_overlap_forgotten({0, 1000}));
}

TEST(MissingRangesTest, SplittingTheLowestOfAFullTableKeepsTheUpperPart) {
  MissingRanges ranges;
  for (std::uint32_t begin = 0; begin < MissingRanges::kMaxRanges * 10; begin += 10)
    ranges.add({begin, begin + 5});
  ranges.fill({2, 3});
  EXPECT_FALSE(ranges.overlaps({0, 2}));
  EXPECT_TRUE(ranges.may_overlap_forgotten({0, 2}));
  EXPECT_TRUE(ranges.overlaps({3, 5}));
}

TEST(SentAgainRangesTest, KnowTheNewestExactlyAndOthersRoughly) {
  SentAgainRanges ranges;
  EXPECT_FALSE(ranges.overlaps({0, 100}));
  for (std::uint32_t begin = 0; begin < 200; begin += 10) ranges.add({begin, begin + 5});
  EXPECT_TRUE(ranges.overlaps({0, 5}));
  EXPECT_TRUE(ranges.overlaps({5, 10})) << "between two of the older ones";
  EXPECT_TRUE(ranges.overlaps({190, 191}));
  EXPECT_FALSE(ranges.overlaps({185, 190}));
  EXPECT_FALSE(ranges.overlaps({195, 200}));
  ranges.add({195, 200});  // goes on where the last one ended
  EXPECT_TRUE(ranges.overlaps({199, 300}));
  ranges.forget_below(100);
  EXPECT_FALSE(ranges.overlaps({0, 35}));
  EXPECT_TRUE(ranges.overlaps({40, 45}));
}

}  // namespace
}  // namespace tunrelay
