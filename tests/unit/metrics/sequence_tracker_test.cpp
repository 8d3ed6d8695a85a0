// SPDX-License-Identifier: MIT
// Sequence numbers: orders whose counts can be reckoned by hand, and random ones against a
// reference that keeps all that has come and looks back over it, as the definitions of RFC 4737
// read.
#include "metrics/sequence_tracker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <ostream>
#include <set>
#include <vector>

#include "support/random.hpp"

namespace tunrelay {

void PrintTo(const SequenceTotals& totals, std::ostream* out) {
  *out << totals.received << " received, " << totals.lost << " lost, " << totals.duplicates
       << " duplicates, " << totals.reordered << " reordered by " << totals.reordering_extent
       << " at most, " << totals.too_late << " too late";
}

namespace {

using test::scaled;
using test::SeededRandom;

using Arrivals = std::vector<std::uint64_t>;

constexpr std::size_t kAmplePositions = 1024;

SequenceTotals tracked(const Arrivals& arrivals, std::size_t positions, std::uint64_t sent) {
  SequenceTracker tracker(positions);
  for (const std::uint64_t sequence : arrivals) tracker.record(sequence);
  return tracker.finish(sent);
}

/// WINDOW: numbers that many or more below the highest are too late.
SequenceTotals tracked_naively(const Arrivals& arrivals, std::uint64_t window, std::uint64_t sent) {
  SequenceTotals totals;
  std::set<std::uint64_t> seen;
  Arrivals first_copies;
  for (const std::uint64_t sequence : arrivals) {
    if (!seen.empty() && *seen.rbegin() >= sequence && *seen.rbegin() - sequence >= window) {
      ++totals.too_late;
      continue;
    }
    if (!seen.insert(sequence).second) {
      ++totals.duplicates;
      continue;
    }
    // RFC 4737, section 4.2: i - j, where j is the first arrival with a higher number.
    const auto higher = std::find_if(first_copies.begin(), first_copies.end(),
                                     [&](std::uint64_t other) { return other > sequence; });
    if (higher != first_copies.end()) {
      ++totals.reordered;
      totals.reordering_extent = std::max<std::uint64_t>(
          totals.reordering_extent, static_cast<std::uint64_t>(first_copies.end() - higher));
    }
    first_copies.push_back(sequence);
  }
  totals.received = seen.size();
  for (std::uint64_t sequence = 0; sequence < sent; ++sequence)
    totals.lost += 1 - seen.count(sequence);
  return totals;
}

TEST(SequenceTracker, CountsNothingInOrder) {
  Arrivals arrivals(5000);
  std::iota(arrivals.begin(), arrivals.end(), 0);
  EXPECT_EQ(tracked(arrivals, kAmplePositions, 5000), (SequenceTotals{.received = 5000}));
  EXPECT_EQ(tracked({}, kAmplePositions, 0), SequenceTotals());
  EXPECT_EQ(tracked({}, kAmplePositions, 7), (SequenceTotals{.lost = 7}));
}

/// 4 is the eighth to come; the first higher number, 5, was the fourth.
TEST(SequenceTracker, ReckonsTheExtentOfOne) {
  EXPECT_EQ(tracked({1, 2, 3, 5, 6, 7, 8, 4, 9, 10}, kAmplePositions, 11),
            (SequenceTotals{.received = 10, .lost = 1, .reordered = 1, .reordering_extent = 4}));
}

/// 7 went past both: 5 comes two arrivals later, 6 three.
TEST(SequenceTracker, ReckonsTheExtentOfEachFromTheFirstThatWentPast) {
  EXPECT_EQ(tracked({0, 1, 2, 3, 4, 7, 8, 5, 6, 9, 10}, kAmplePositions, 11),
            (SequenceTotals{.received = 11, .reordered = 2, .reordering_extent = 3}));
  // In reverse order each comes one arrival later than the one before it.
  EXPECT_EQ(tracked({5, 4, 3, 2, 1, 0}, kAmplePositions, 6),
            (SequenceTotals{.received = 6, .reordered = 5, .reordering_extent = 5}));
}

/// 3 and 8 leave gaps of their own: 2 is late by one arrival, 7 by two.
TEST(SequenceTracker, ReckonsTheExtentWithinEachGap) {
  EXPECT_EQ(tracked({0, 1, 3, 2, 4, 5, 6, 8, 9, 7}, kAmplePositions, 10),
            (SequenceTotals{.received = 10, .reordered = 2, .reordering_extent = 2}));
}

TEST(SequenceTracker, CountsCopiesAlone) {
  // Neither as out of order nor, within an extent, as arrivals.
  EXPECT_EQ(
      tracked({0, 0, 2, 2, 2, 0, 1, 1}, kAmplePositions, 3),
      (SequenceTotals{.received = 3, .duplicates = 5, .reordered = 1, .reordering_extent = 1}));
}

TEST(SequenceTracker, ReportsWhatItNoLongerKnows) {
  constexpr std::size_t kPositions = SequenceTracker::kMinPositions;
  // 0 is the oldest number that is known when the highest is 63.
  EXPECT_EQ(tracked({63, 0}, kPositions, 64),
            (SequenceTotals{.received = 2, .lost = 62, .reordered = 1, .reordering_extent = 1}));
  EXPECT_EQ(tracked({0, 63, 0}, kPositions, 64),
            (SequenceTotals{.received = 2, .lost = 62, .duplicates = 1}));
  EXPECT_EQ(tracked({64, 0}, kPositions, 65),
            (SequenceTotals{.received = 1, .lost = 64, .too_late = 1}));
  EXPECT_EQ(tracked({0, 64, 0}, kPositions, 65),
            (SequenceTotals{.received = 2, .lost = 63, .too_late = 1}));
}

TEST(SequenceTracker, RoundsItsPositionsUp) {
  EXPECT_EQ(tracked({0, 127, 0}, 65, 128).duplicates, 1U);
  EXPECT_EQ(tracked({0, 128, 0}, 65, 129).too_late, 1U);
  EXPECT_EQ(tracked({0, 63, 0}, 0, 64).duplicates, 1U);
  EXPECT_EQ(tracked({0, 64, 0}, 0, 65).too_late, 1U);
}

TEST(SequenceTracker, LosesNothingToALeapOverAllPositions) {
  constexpr std::uint64_t kFar = std::uint64_t{1} << 40U;
  EXPECT_EQ(tracked({0, kFar, kFar - 1, kFar - 63, kFar - 64, kFar}, 64, kFar + 1),
            (SequenceTotals{.received = 4,
                            .lost = kFar - 3,
                            .duplicates = 1,
                            .reordered = 2,
                            .reordering_extent = 2,
                            .too_late = 1}));
  // Numbers that nobody sends are harmless.
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(tracked({kLast - 1, kLast, 0, kLast}, 64, 1).lost, 0U);
}

/// Sends COUNT numbers on a way that loses, copies and delays them.
Arrivals random_arrivals(SeededRandom& random, std::uint64_t count) {
  const double loss = random.chance(0.5) ? 0 : static_cast<double>(random.between(0, 60)) / 100;
  const double copies = random.chance(0.5) ? 0 : static_cast<double>(random.between(0, 60)) / 100;
  const double delayed = random.chance(0.3) ? 0 : static_cast<double>(random.between(0, 100)) / 100;
  const std::uint64_t longest = random.between(1, 2 * count);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> events;  // time, number
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    if (random.chance(loss)) continue;
    do {
      const std::uint64_t delay = random.chance(delayed) ? random.between(0, longest) : 0;
      events.emplace_back(sequence + delay, sequence);
    } while (random.chance(copies));
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  Arrivals arrivals;
  for (const auto& event : events) arrivals.push_back(event.second);
  return arrivals;
}

TEST(SequenceTracker, AgreesWithTheNaiveReference) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(400); ++round) {
    const std::uint64_t count = random.between(1, 600);
    const Arrivals arrivals = random_arrivals(random, count);
    for (const std::size_t positions : {64U, 256U, 1024U})
      ASSERT_EQ(tracked(arrivals, positions, count), tracked_naively(arrivals, positions, count))
          << "round " << round << ", " << positions << " positions";
  }
}

TEST(SequenceTracker, AgreesWithTheNaiveReferenceOnPermutations) {
  SeededRandom random;
  for (std::size_t round = 0; round < scaled(200); ++round) {
    Arrivals arrivals(random.between(1, 400));
    std::iota(arrivals.begin(), arrivals.end(), 0);
    std::shuffle(arrivals.begin(), arrivals.end(), random.generator());
    arrivals.resize(random.between(0, arrivals.size()));
    ASSERT_EQ(tracked(arrivals, 512, 400), tracked_naively(arrivals, 512, 400)) << round;
  }
}

TEST(SequenceTotals, AddUp) {
  SequenceTotals sum{.received = 1,
                     .lost = 2,
                     .duplicates = 3,
                     .reordered = 4,
                     .reordering_extent = 5,
                     .too_late = 6};
  sum += {.received = 10,
          .lost = 20,
          .duplicates = 30,
          .reordered = 40,
          .reordering_extent = 50,
          .too_late = 60};
  const SequenceTotals expected{.received = 11,
                                .lost = 22,
                                .duplicates = 33,
                                .reordered = 44,
                                .reordering_extent = 50,
                                .too_late = 66};
  EXPECT_EQ(sum, expected) << "the extent is the larger of the two";
  sum += SequenceTotals{};
  EXPECT_EQ(sum, expected);
}

}  // namespace
}  // namespace tunrelay
