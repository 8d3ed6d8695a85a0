// Which segments are hit: the statistics of each model over 10^6 segments at a fixed seed, and
// that the same numbers are hit however they are asked for.
#include "stage/hit_sequence.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>

#include "impairment_fixture.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint64_t kSegments = 1'000'000;
constexpr double kLeastP = 0.001;

using Hits = std::vector<bool>;

Hits hits_of(HitSequence& sequence, std::uint64_t end = kSegments) {
  Hits hits(end);
  for (std::uint64_t at = sequence.next(0, end); at < end; at = sequence.next(at + 1, end))
    hits[at] = true;
  return hits;
}

/// How likely it is that counts as far from those expected come by chance.
double chi_square_p(const std::vector<double>& seen, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t cell = 0; cell < seen.size(); ++cell)
    sum += (seen[cell] - expected[cell]) * (seen[cell] - expected[cell]) / expected[cell];
  const boost::math::chi_squared distribution(static_cast<double>(seen.size()) - 1);
  return boost::math::cdf(boost::math::complement(distribution, sum));
}

double share_of(const Hits& hits) {
  return static_cast<double>(std::count(hits.begin(), hits.end(), true)) /
         static_cast<double>(hits.size());
}

/// The lengths of runs of VALUE against a geometric distribution in which a run ends with
/// END_PROBABILITY; longer ones are one cell.
double run_length_p(const Hits& hits, bool value, double end_probability) {
  constexpr std::size_t kCells = 8;
  std::vector<double> seen(kCells);
  double runs = 0;
  std::size_t length = 0;
  for (const bool hit : hits) {
    if (hit == value) {
      ++length;
    } else if (length != 0) {
      ++seen[std::min(length, kCells) - 1];
      ++runs;
      length = 0;
    }
  }
  std::vector<double> expected;
  double left = 1;
  for (std::size_t cell = 0; cell + 1 < kCells; ++cell) {
    expected.push_back(runs * left * end_probability);
    left *= 1 - end_probability;
  }
  expected.push_back(runs * left);
  return chi_square_p(seen, expected);
}

double count_p(const Hits& hits, double probability) {
  const auto all = static_cast<double>(hits.size());
  const double hit = share_of(hits) * all;
  return chi_square_p({hit, all - hit}, {all * probability, all * (1 - probability)});
}

TEST(HitSequenceTest, BernoulliHitsAsOftenAndAsFarApartAsItShould) {
  for (const double probability : {0.001, 0.05, 0.3, 0.7}) {
    const auto sequence = make_chance_hits(probability, 0, kSomeKey);
    const Hits hits = hits_of(*sequence);
    EXPECT_GT(count_p(hits, probability), kLeastP) << probability;
    if (probability >= 0.05) {
      EXPECT_GT(run_length_p(hits, false, probability), kLeastP) << probability;
      EXPECT_GT(run_length_p(hits, true, 1 - probability), kLeastP) << probability;
    }
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

TEST(HitSequenceTest, SimpleGilbertLosesWholeBadPeriods) {
  // A segment meets the state that the one before has left: bad periods are geometric in to_good.
  const GilbertElliottLoss config{.to_bad = 0.02, .to_good = 0.25};
  const Hits hits = hits_of(*make_loss_hits(config, kSomeKey));
  EXPECT_GT(run_length_p(hits, true, config.to_good), kLeastP);
  EXPECT_GT(run_length_p(hits, false, config.to_bad), kLeastP);
  EXPECT_NEAR(share_of(hits), 0.02 / 0.27, 0.002);
}

TEST(HitSequenceTest, GilbertElliottLosesItsShareOfEachState) {
  const GilbertElliottLoss config{
      .to_bad = 0.1, .to_good = 0.3, .loss_in_bad = 0.5, .loss_in_good = 0.01};
  EXPECT_NEAR(share_of(hits_of(*make_loss_hits(config, kSomeKey))), 0.25 * 0.5 + 0.75 * 0.01,
              0.003);
}

TEST(HitSequenceTest, FourStatesLoseAsTheirChainSays) {
  const FourStateLoss config{.p13 = 0.02, .p31 = 0.2, .p32 = 0.3, .p23 = 0.4, .p14 = 0.01};
  // The stationary shares of the states, by going through the chain as the man page draws it.
  std::array<double, 4> shares{1, 0, 0, 0};  // gap, burst, lost in burst, lost in gap
  for (int step = 0; step < 2000; ++step)
    shares = {
        shares[0] * (1 - config.p13 - config.p14) + shares[2] * config.p31 + shares[3],
        shares[1] * (1 - config.p23) + shares[2] * config.p32,
        shares[0] * config.p13 + shares[1] * config.p23 + shares[2] * (1 - config.p31 - config.p32),
        shares[0] * config.p14};
  const Hits hits = hits_of(*make_loss_hits(config, kSomeKey));
  EXPECT_NEAR(share_of(hits), shares[2] + shares[3], 0.003);
}

TEST(HitSequenceTest, EveryNthAndListsCountFromOne) {
  const Hits every = hits_of(*make_loss_hits(EveryNthLoss{3}, kSomeKey), 10);
  EXPECT_EQ(every, (Hits{false, false, true, false, false, true, false, false, true, false}));
  const Hits listed = hits_of(*make_loss_hits(ListedLoss{{1, 2, 9, 11}}, kSomeKey), 10);
  EXPECT_EQ(listed, (Hits{true, true, false, false, false, false, false, false, true, false}));
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
}

/// Any lane may ask for any part, and gets the same answer.
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
