// SPDX-License-Identifier: MIT
// Which segments are hit: the statistics of each model over 10^6 segments at a fixed seed, and
// that the same numbers are hit in whatever order they are requested.
#include "stage/hit_sequence.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "hit_statistics.hpp"
#include "impairment_fixture.hpp"

namespace tunrelay::test {
namespace {

TEST(HitSequenceTest, BernoulliHitsAsOftenAndAsFarApartAsItShould) {
  for (const double probability : {0.001, 0.05, 0.3, 0.7}) {
    const auto sequence = make_chance_hits(probability, 0, kSomeKey);
    const Hits hits = hits_of(*sequence);
    SCOPED_TRACE(probability);
    expect_model(MarkovModel::bernoulli(probability), hits);
  }
}

TEST(HitSequenceTest, NeverAndAlwaysAreExact) {
  const auto never = make_chance_hits(0, 0, kSomeKey);
  EXPECT_EQ(never->next(0, kSegments), kSegments);
  const auto always = make_chance_hits(1, 0, kSomeKey);
  EXPECT_EQ(share_of(hits_of(*always, 10'000)), 1.0);
}

TEST(HitSequenceTest, CorrelatedChancesComeInBursts) {
  const Hits alone = hits_of(*make_chance_hits(0.3, 0, kSomeKey));
  const Hits correlated = hits_of(*make_chance_hits(0.3, 0.7, kSomeKey));
  const auto share_behind_a_hit = [](const Hits& hits) {
    std::size_t behind = 0;
    std::size_t both = 0;
    for (std::size_t at = 1; at < hits.size(); ++at) {
      if (!hits[at - 1]) continue;
      ++behind;
      if (hits[at]) ++both;
    }
    return static_cast<double>(both) / static_cast<double>(behind);
  };
  EXPECT_NEAR(share_behind_a_hit(alone), 0.3, 0.01);
  // netem's mixing draws the numbers to the middle, so fewer are below the threshold at all.
  EXPECT_LT(share_of(correlated), 0.1);
  EXPECT_GT(share_behind_a_hit(correlated), 4 * share_of(correlated));
}

TEST(HitSequenceTest, GilbertElliottLosesAsNetemsStatesDo) {
  // Simple Gilbert first: whole bad periods are lost.
  for (const GilbertElliottLoss& config :
       {GilbertElliottLoss{.to_bad = 0.02, .to_good = 0.25},
        GilbertElliottLoss{.to_bad = 0.1, .to_good = 0.3, .loss_in_bad = 0.5, .loss_in_good = 0.01},
        GilbertElliottLoss{
            .to_bad = 0.6, .to_good = 0.5, .loss_in_bad = 0.9, .loss_in_good = 0.2}}) {
    SCOPED_TRACE(config.to_bad);
    expect_model(markov_model(config), hits_of(*make_loss_hits(config, kSomeKey)));
  }
}

TEST(HitSequenceTest, FourStatesLoseAsNetemsDo) {
  for (const FourStateLoss& config :
       {FourStateLoss{.p13 = 0.02, .p31 = 0.2, .p32 = 0.3, .p23 = 0.4, .p14 = 0.01},
        FourStateLoss{.p13 = 0.3, .p31 = 0.1, .p32 = 0.5, .p23 = 0.7, .p14 = 0.2}}) {
    SCOPED_TRACE(config.p13);
    expect_model(markov_model(config), hits_of(*make_loss_hits(config, kSomeKey)));
  }
}

TEST(HitSequenceTest, EveryNthAndListsCountFromOne) {
  const Hits every = hits_of(*make_loss_hits(EveryNthLoss{3}, kSomeKey), 10);
  EXPECT_EQ(every, (Hits{false, false, true, false, false, true, false, false, true, false}));
  const Hits listed = hits_of(*make_loss_hits(ListedLoss{{1, 2, 9, 11}}, kSomeKey), 10);
  EXPECT_EQ(listed, (Hits{true, true, false, false, false, false, false, false, true, false}));
}

/// netem_enqueue(): a state for each segment behind the last one that overtook, until one may.
MarkovModel overtaking_model(const ReorderConfig& config) {
  MarkovModel::Matrix miss(config.gap, std::vector<double>(config.gap));
  MarkovModel::Matrix hit = miss;
  const std::size_t last = config.gap - 1;
  for (std::size_t state = 0; state < last; ++state) miss[state][state + 1] = 1;
  miss[last][last] = 1 - config.probability;
  hit[last][0] = config.probability;
  return {miss, hit};
}

TEST(HitSequenceTest, NoneOvertakesWithinTheGap) {
  const auto sequence = make_reorder_hits({.probability = 0.25, .gap = 5}, kSomeKey);
  const Hits hits = hits_of(*sequence);
  std::uint64_t since = 0;
  std::uint64_t overtakes = 0;
  for (const bool hit : hits) {
    ++since;
    if (!hit) continue;
    EXPECT_GE(since, 5U);
    since = 0;
    ++overtakes;
  }
  // Four that may not, then as many as it takes: 4 on average.
  EXPECT_NEAR(static_cast<double>(overtakes) / kSegments, 1.0 / 8, 0.002);
  expect_model(overtaking_model({.probability = 0.25, .gap = 5}), hits);
}

/// Any lane may request any part, and gets the same answer.
TEST(HitSequenceTest, IsTheSameForEachLaneThatFollowsIt) {
  SeededRandom random;
  const std::vector<LossConfig> models{BernoulliLoss{0.05, 0},
                                       BernoulliLoss{0.3, 0.5},
                                       GilbertElliottLoss{0.05, 0.3, 0.9, 0.01},
                                       FourStateLoss{},
                                       FourStateLoss{0.1, 0.5, 0.2},
                                       EveryNthLoss{7},
                                       ListedLoss{{3, 77, 4000}}};
  constexpr std::uint64_t kEnd = 5000;
  for (const LossConfig& model : models) {
    const Hits whole = hits_of(*make_loss_hits(model, kSomeKey), kEnd);
    std::vector<std::unique_ptr<HitSequence>> lanes;
    for (int lane = 0; lane < 4; ++lane) lanes.push_back(make_loss_hits(model, kSomeKey));
    Hits parts(kEnd);
    for (std::uint64_t first = 0; first < kEnd;) {
      const std::uint64_t end = std::min<std::uint64_t>(kEnd, first + random.between(1, 60));
      HitSequence& lane = *lanes[random.between(0, lanes.size() - 1)];
      for (std::uint64_t at = lane.next(first, end); at < end; at = lane.next(at + 1, end))
        parts[at] = true;
      first = end;
    }
    EXPECT_EQ(parts, whole) << "model " << model.index();
  }
}

TEST(HitSequenceTest, DependsOnTheWholeKey) {
  const auto hits_with = [](ImpairmentKey key) {
    return hits_of(*make_chance_hits(0.5, 0, key), 1000);
  };
  const Hits hits = hits_with(kSomeKey);
  EXPECT_EQ(hits, hits_with(kSomeKey));
  EXPECT_NE(hits, hits_with({kSomeKey.seed + 1, kSomeKey.stage, kSomeKey.direction}));
  EXPECT_NE(hits, hits_with({kSomeKey.seed + (std::uint64_t{1} << 40), kSomeKey.stage, 1}));
  EXPECT_NE(hits, hits_with({kSomeKey.seed, kSomeKey.stage + 1, kSomeKey.direction}));
  EXPECT_NE(hits, hits_with({kSomeKey.seed, kSomeKey.stage, 0}));
}

}  // namespace
}  // namespace tunrelay::test
