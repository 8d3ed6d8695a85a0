// SPDX-License-Identifier: MIT
// Results for the tests of verdicts: metrics filled from lists, and the noise of a shared virtual
// machine, on which the rates of right and wrong verdicts are published.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "result/result.hpp"
#include "support/random.hpp"

namespace tunrelay::test {

/// Adds VALUES as samples of LINK, one a round, from round 0 on.
inline void add_samples(Metric& metric, const char* path, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    metric.samples.push_back({.path = path,
                              .round = static_cast<std::uint32_t>(i),
                              .value = values[i],
                              .at_s = static_cast<double>(i),
                              .invalid_reason = {}});
}

/// FACTOR times 1.00, 1.01, 0.99, 1.02, 0.98, ...: values that no two samples have in common
/// order with, at a fixed spread of COUNT / 2 percent.
inline std::vector<double> spread_values(std::size_t count, double factor) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pair = (i + 1) / 2;
    const double step = static_cast<double>(pair) / 100;
    values.push_back(factor * (i % 2 == 0 ? 1 + step : 1 - step));
  }
  return values;
}

/// A host whose speed wanders (first-order autoregressive, 8 %), falls by 0.05 % a round, is now
/// and then taken away (one slot in 25, by 25 % in the mean), and whose every measurement has an
/// error of its own with heavy tails (Student's t with 3 degrees of freedom). Of two neighbouring
/// slots the logarithms of the ratios have a robust standard deviation of 5.2 %; the tails make
/// the plain one about 12 % (at a correlation of 0.95).
class SharedHost {
 public:
  SharedHost(SeededRandom& random, double correlation)
      : random_(random), correlation_(correlation) {
    speed_ = kWander * normal_(random_.generator());
  }

  /// The logarithm of what the next slot measures.
  double next_slot() {
    speed_ = correlation_ * speed_ +
             kWander * std::sqrt(1 - correlation_ * correlation_) * normal_(random_.generator());
    double value = speed_ - drift_ + kError * heavy_(random_.generator());
    drift_ += 0.00025;
    if (random_.chance(0.04)) value -= stolen_(random_.generator());
    return value;
  }

  /// ROUNDS of base and head in changing order (AB BA AB ...), head CHANGE more than base, added
  /// to METRIC.
  void measure(Metric& metric, std::size_t rounds, double change) {
    std::vector<double> base;
    std::vector<double> head;
    for (std::size_t round = 0; round < rounds; ++round) {
      double first = next_slot();
      double second = next_slot();
      if (round % 2 == 1) std::swap(first, second);
      base.push_back(1e9 * std::exp(first));
      head.push_back(1e9 * std::exp(second) * (1 + change));
    }
    add_samples(metric, kBase, base);
    add_samples(metric, kHead, head);
  }

 private:
  static constexpr double kWander = 0.08;
  static constexpr double kError = 0.022;

  SeededRandom& random_;
  double correlation_;
  double speed_ = 0;
  double drift_ = 0;
  std::normal_distribution<double> normal_;
  std::student_t_distribution<double> heavy_{3};
  std::exponential_distribution<double> stolen_{4};
};

/// An interleaved run of METRICS metrics, of which the first CHANGED have head CHANGE more.
inline Result measured_run(SeededRandom& random, double correlation, std::size_t rounds,
                           std::size_t metrics, double change, std::size_t changed) {
  Result result;
  for (std::size_t i = 0; i < metrics; ++i) {
    Metric& metric = result.metric("metric_" + std::to_string(i), "bits_per_s", Better::kHigher);
    SharedHost(random, correlation).measure(metric, rounds, i < changed ? change : 0);
  }
  return result;
}

}  // namespace tunrelay::test
