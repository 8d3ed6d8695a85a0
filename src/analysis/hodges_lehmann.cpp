// SPDX-License-Identifier: MIT
#include "analysis/hodges_lehmann.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include "analysis/pair_sums.hpp"
#include "analysis/rank_tests.hpp"

namespace tunrelay {
namespace {

/// The statistic counts the pairs on one side of a shift. So with the C least and the C greatest
/// pairs, and the next one of each end, go the shifts at which it is C or less: those rejected.
Shift shift_of(const PairSums& pairs, std::optional<std::size_t> greatest_rejected) {
  Shift shift{.estimate = pairs.median()};
  if (!greatest_rejected) return shift;
  shift.low = pairs.at(*greatest_rejected);
  shift.high = pairs.at(pairs.size() - 1 - *greatest_rejected);
  return shift;
}

}  // namespace

Shift one_sample_shift(std::span<const double> differences, double alpha) {
  std::vector<double> halves(differences.begin(), differences.end());
  for (double& half : halves) half /= 2;
  return shift_of(PairSums::of_one(std::move(halves)),
                  greatest_rejected_rank_sum(differences.size(), alpha));
}

Shift two_sample_shift(std::span<const double> base, std::span<const double> head, double alpha) {
  std::vector<double> negated(base.begin(), base.end());
  for (double& value : negated) value = -value;
  return shift_of(PairSums::of_two(std::move(negated), {head.begin(), head.end()}),
                  greatest_rejected_u(base.size(), head.size(), alpha));
}

}  // namespace tunrelay
