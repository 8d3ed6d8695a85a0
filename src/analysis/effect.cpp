// SPDX-License-Identifier: MIT
#include "analysis/effect.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/special_functions/gamma.hpp>

#include "analysis/hodges_lehmann.hpp"
#include "analysis/rank_tests.hpp"
#include "analysis/significance.hpp"
#include "base/ensure.hpp"

namespace tunrelay {
namespace {

/// Both samples on a scale on which differences are relative changes.
struct Scaled {
  std::vector<double> base;
  std::vector<double> head;
  bool logarithmic = false;
};

double sum_of_sizes(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += std::abs(value);
  return sum;
}

Scaled scale(std::span<const double> base, std::span<const double> head) {
  ensure(!base.empty() && !head.empty(), "both sides of an effect have values");
  const auto is_positive = [](double value) { return value > 0; };
  Scaled scaled{.base = {base.begin(), base.end()},
                .head = {head.begin(), head.end()},
                .logarithmic = std::all_of(base.begin(), base.end(), is_positive) &&
                               std::all_of(head.begin(), head.end(), is_positive)};
  const double size = (sum_of_sizes(base) / static_cast<double>(base.size()) +
                       sum_of_sizes(head) / static_cast<double>(head.size())) /
                      2;
  for (std::vector<double>* values : {&scaled.base, &scaled.head})
    for (double& value : *values)
      value = scaled.logarithmic ? std::log(value) : size > 0 ? value / size : 0;
  return scaled;
}

void set_changes(Effect& effect, const Shift& shift, bool logarithmic) {
  const auto change = [logarithmic](double value) {
    return logarithmic ? std::expm1(value) : value;
  };
  effect.change = change(shift.estimate);
  effect.low = change(shift.low);
  effect.high = change(shift.high);
}

}  // namespace

double Effect::least_p() const {
  const double pairs = static_cast<double>(base_count);
  // Of all 2^n signs, or of all (m + n)! / (m! n!) orders, two are the most extreme.
  double log_arrangements = pairs * std::log(2);
  if (!paired) {
    const auto log_choices = [](double count) { return boost::math::lgamma(count + 1); };
    const double others = static_cast<double>(head_count);
    log_arrangements = log_choices(pairs + others) - log_choices(pairs) - log_choices(others);
  }
  return discounted_p(std::min(1.0, 2 * std::exp(-log_arrangements)), inflation);
}

Effect paired_effect(std::span<const double> base, std::span<const double> head,
                     double confidence) {
  ensure(base.size() == head.size(), "paired values come in pairs");
  const Scaled scaled = scale(base, head);
  std::vector<double> differences(base.size());
  for (std::size_t i = 0; i < differences.size(); ++i)
    differences[i] = scaled.head[i] - scaled.base[i];
  Effect effect{.inflation = variance_inflation(differences),
                .base_count = base.size(),
                .head_count = head.size(),
                .paired = true};
  effect.p = discounted_p(wilcoxon(differences).p, effect.inflation);
  const double alpha = undiscounted_p(1 - confidence, effect.inflation);
  set_changes(effect, one_sample_shift(differences, alpha), scaled.logarithmic);
  return effect;
}

Effect unpaired_effect(std::span<const double> base, std::span<const double> head,
                       double confidence) {
  const Scaled scaled = scale(base, head);
  // The variance of the difference of two means is the sum of both variances.
  const double base_share = 1 / static_cast<double>(base.size());
  const double head_share = 1 / static_cast<double>(head.size());
  Effect effect{
      .inflation = (variance_inflation(base) * base_share + variance_inflation(head) * head_share) /
                   (base_share + head_share),
      .base_count = base.size(),
      .head_count = head.size()};
  effect.p = discounted_p(mann_whitney(scaled.base, scaled.head).p, effect.inflation);
  const double alpha = undiscounted_p(1 - confidence, effect.inflation);
  set_changes(effect, two_sample_shift(scaled.base, scaled.head, alpha), scaled.logarithmic);
  return effect;
}

}  // namespace tunrelay
