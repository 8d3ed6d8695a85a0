// SPDX-License-Identifier: MIT
// Whether what was hit is what a model says: chi-square tests of the counts and of how long runs of
// hits and misses are, for models with a memory too.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>

#include "stage/hit_sequence.hpp"

namespace tunrelay::test {

/// Segments of each test, at a fixed seed; a right model fails one in a thousand seeds.
inline constexpr std::uint64_t kSegments = 1'000'000;
inline constexpr double kMinP = 0.001;

using Hits = std::vector<bool>;

inline Hits hits_of(HitSequence& sequence, std::uint64_t end = kSegments) {
  Hits hits(end);
  for (std::uint64_t at = sequence.next(0, end); at < end; at = sequence.next(at + 1, end))
    hits[at] = true;
  return hits;
}

inline double share_of(const Hits& hits) {
  return static_cast<double>(std::count(hits.begin(), hits.end(), true)) /
         static_cast<double>(hits.size());
}

/// How likely it is that a sum of FREEDOM squares is as large by chance.
inline double chi_square_tail(double sum, std::size_t freedom) {
  if (freedom == 0) return 1;
  const boost::math::chi_squared distribution(static_cast<double>(freedom));
  return boost::math::cdf(boost::math::complement(distribution, sum));
}

/// How likely it is that counts as far from those expected come by chance. What can't be must not
/// be there at all.
inline double chi_square_p(const std::vector<double>& seen, const std::vector<double>& expected) {
  constexpr double kImpossible = 1e-6;
  double sum = 0;
  std::size_t possible = 0;
  for (std::size_t cell = 0; cell < seen.size(); ++cell) {
    if (expected[cell] < kImpossible && seen[cell] != 0) return 0;
    if (expected[cell] < kImpossible) continue;
    ++possible;
    sum += (seen[cell] - expected[cell]) * (seen[cell] - expected[cell]) / expected[cell];
  }
  return chi_square_tail(sum, possible - 1);
}

/// A model of states: the chance to go from one state to another and to hit, or to miss, on the
/// way. Bernoulli's has one state.
class MarkovModel {
 public:
  using Matrix = std::vector<std::vector<double>>;
  using Vector = std::vector<double>;

  MarkovModel(Matrix miss, Matrix hit) : ways_{std::move(miss), std::move(hit)} {
    shares_.assign(ways_[0].size(), 1.0 / static_cast<double>(ways_[0].size()));
    for (int step = 0; step < 20'000; ++step) shares_ = after_any(shares_);
  }
  static MarkovModel bernoulli(double probability) {
    return {{{1 - probability}}, {{probability}}};
  }

  [[nodiscard]] double hit_share() const { return sum_of(after(shares_, true)); }

  /// Of so many hits among all: their variance is that of a process with a memory.
  [[nodiscard]] double count_p(const Hits& hits) const {
    const double share = hit_share();
    double variance = share * (1 - share);
    Vector behind_a_hit = after(shares_, true);
    for (int distance = 1; distance < 2'000; ++distance) {
      variance += 2 * (sum_of(after(behind_a_hit, true)) - share * share);
      behind_a_hit = after_any(behind_a_hit);
    }
    const double all = static_cast<double>(hits.size());
    const double off = (share_of(hits) - share) * all;
    return chi_square_tail(off * off / (all * variance), 1);
  }

  /// Of the lengths of runs of VALUE; those of so great a length that few are expected are one
  /// cell.
  [[nodiscard]] double run_length_p(const Hits& hits, bool value) const {
    constexpr std::size_t kMaxCells = 8;
    constexpr double kMin = 10;
    const std::vector<std::size_t> lengths = run_lengths(hits, value);
    const auto runs = static_cast<double>(lengths.size());
    // A run begins behind what is not of it.
    Vector states = after(after(shares_, !value), value);
    const double all = sum_of(states);
    std::vector<double> expected;
    while (expected.size() + 1 < kMaxCells) {
      const Vector longer = after(states, value);
      if (runs * sum_of(longer) / all < kMin) break;
      expected.push_back(runs * (sum_of(states) - sum_of(longer)) / all);
      states = longer;
    }
    expected.push_back(runs * sum_of(states) / all);
    std::vector<double> seen(expected.size());
    for (const std::size_t length : lengths) ++seen[std::min(length, seen.size()) - 1];
    return chi_square_p(seen, expected);
  }

 private:
  static std::vector<std::size_t> run_lengths(const Hits& hits, bool value) {
    std::vector<std::size_t> lengths;
    std::size_t length = 0;
    for (const bool hit : hits) {
      if (hit == value) {
        ++length;
      } else if (length != 0) {
        lengths.push_back(length);
        length = 0;
      }
    }
    return lengths;
  }
  static double sum_of(const Vector& states) {
    double sum = 0;
    for (const double state : states) sum += state;
    return sum;
  }
  [[nodiscard]] Vector after(const Vector& states, bool hit) const {
    const Matrix& way = ways_[hit ? 1 : 0];
    Vector next(states.size());
    for (std::size_t from = 0; from < states.size(); ++from)
      for (std::size_t to = 0; to < states.size(); ++to) next[to] += states[from] * way[from][to];
    return next;
  }
  [[nodiscard]] Vector after_any(const Vector& states) const {
    Vector next = after(states, true);
    const Vector missed = after(states, false);
    for (std::size_t to = 0; to < next.size(); ++to) next[to] += missed[to];
    return next;
  }

  Matrix ways_[2];  ///< miss, hit; each [from][to]
  Vector shares_;   ///< of the states, in the long run
};

/// All that a hit sequence of the MODEL has to be.
inline void expect_model(const MarkovModel& model, const Hits& hits) {
  EXPECT_GT(model.count_p(hits), kMinP)
      << "hits: " << share_of(hits) << " of " << model.hit_share();
  EXPECT_GT(model.run_length_p(hits, true), kMinP) << "runs of hits";
  EXPECT_GT(model.run_length_p(hits, false), kMinP) << "runs of misses";
}

/// loss_gilb_ell() of net/sched/sch_netem.c: the state changes, the loss is the old one's.
inline MarkovModel markov_model(const GilbertElliottLoss& loss) {
  const double stay[2] = {1 - loss.to_bad, 1 - loss.to_good};
  const double lose[2] = {loss.loss_in_good, loss.loss_in_bad};
  MarkovModel::Matrix miss(2, {0, 0});
  MarkovModel::Matrix hit(2, {0, 0});
  for (std::size_t from = 0; from < 2; ++from)
    for (std::size_t to = 0; to < 2; ++to) {
      const double way = from == to ? stay[from] : 1 - stay[from];
      miss[from][to] = way * (1 - lose[from]);
      hit[from][to] = way * lose[from];
    }
  return {miss, hit};
}

/// loss_4state() there: the states are those of tc-netem(8), 1 to 4; what enters 3 or 4 is lost.
inline MarkovModel markov_model(const FourStateLoss& loss) {
  const MarkovModel::Matrix ways{{1 - loss.p13 - loss.p14, 0, loss.p13, loss.p14},
                                 {0, 1 - loss.p23, loss.p23, 0},
                                 {loss.p31, loss.p32, 1 - loss.p31 - loss.p32, 0},
                                 {1, 0, 0, 0}};
  MarkovModel::Matrix miss = ways;
  MarkovModel::Matrix hit = ways;
  for (std::size_t from = 0; from < 4; ++from) {
    miss[from][2] = miss[from][3] = 0;
    hit[from][0] = hit[from][1] = 0;
  }
  return {miss, hit};
}

}  // namespace tunrelay::test
