// SPDX-License-Identifier: MIT
#include "analysis/pair_sums.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "base/ensure.hpp"

namespace tunrelay {

struct PairSums::Remaining {
  std::vector<std::size_t> first;
  std::vector<std::size_t> end;

  [[nodiscard]] std::size_t count() const {
    std::size_t sum = 0;
    for (std::size_t row = 0; row < first.size(); ++row) sum += end[row] - first[row];
    return sum;
  }
};

PairSums::PairSums(std::vector<double> rows, std::vector<double> columns, bool triangle)
    : rows_(std::move(rows)), columns_(std::move(columns)), triangle_(triangle) {
  ensure(!rows_.empty() && !columns_.empty(), "there are values to pair");
  std::sort(rows_.begin(), rows_.end());
  std::sort(columns_.begin(), columns_.end());
  size_ = triangle_ ? rows_.size() * (rows_.size() + 1) / 2 : rows_.size() * columns_.size();
}

PairSums PairSums::of_two(std::vector<double> rows, std::vector<double> columns) {
  return {std::move(rows), std::move(columns), false};
}

PairSums PairSums::of_one(std::vector<double> values) {
  std::vector<double> again = values;
  return {std::move(values), std::move(again), true};
}

/// The weighted median of the middles of the rows: a quarter of all that remains is not above it,
/// and a quarter not below.
double PairSums::pivot(const Remaining& remaining) const {
  std::vector<std::pair<double, std::size_t>> middles;
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const std::size_t width = remaining.end[row] - remaining.first[row];
    if (width == 0) continue;
    middles.emplace_back(rows_[row] + columns_[remaining.first[row] + width / 2], width);
    count += width;
  }
  std::sort(middles.begin(), middles.end());
  std::size_t so_far = 0;
  for (const auto& [middle, width] : middles) {
    so_far += width;
    if (2 * so_far >= count) return middle;
  }
  return middles.back().first;
}

double PairSums::nth_of(const Remaining& remaining, std::size_t place) const {
  std::vector<double> sums;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    for (std::size_t column = remaining.first[row]; column < remaining.end[row]; ++column)
      sums.push_back(rows_[row] + columns_[column]);
  const auto at = sums.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(sums.begin(), at, sums.end());
  return *at;
}

double PairSums::at(std::size_t place) const {
  ensure(place < size_, "the place is one of the sums'");
  Remaining remaining;
  remaining.first.resize(rows_.size(), 0);
  if (triangle_) std::iota(remaining.first.begin(), remaining.first.end(), std::size_t{0});
  remaining.end.resize(rows_.size(), columns_.size());
  // Few are quicker sorted than ruled out.
  const std::size_t few = 4 * (rows_.size() + columns_.size());
  while (remaining.count() > few) {
    const double middle = pivot(remaining);
    Remaining below = remaining;  // its ends: the first column that is not below the pivot
    Remaining up_to = remaining;  // its ends: the first column that is above the pivot
    std::size_t less = columns_.size();
    std::size_t not_more = columns_.size();
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      while (less > 0 && rows_[row] + columns_[less - 1] >= middle) --less;
      while (not_more > 0 && rows_[row] + columns_[not_more - 1] > middle) --not_more;
      below.end[row] = std::clamp(less, remaining.first[row], remaining.end[row]);
      up_to.end[row] = std::clamp(not_more, remaining.first[row], remaining.end[row]);
    }
    if (place < below.count()) {
      remaining = std::move(below);
    } else if (place < up_to.count()) {
      return middle;
    } else {
      place -= up_to.count();
      remaining.first = std::move(up_to.end);
    }
  }
  return nth_of(remaining, place);
}

double PairSums::median() const {
  const double upper = at(size_ / 2);
  return size_ % 2 == 1 ? upper : std::midpoint(at(size_ / 2 - 1), upper);
}

}  // namespace tunrelay
