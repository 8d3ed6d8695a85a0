// SPDX-License-Identifier: MIT
#include "analysis/change_points.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/ensure.hpp"

namespace tunrelay {
namespace {

struct Split {
  std::size_t at = 0;  ///< the first value after it
  double divergence = 0;
};

/// The distances between all values of a segment, summed so that any rectangle is one look.
class DistanceSums {
 public:
  explicit DistanceSums(std::span<const double> values)
      : stride_(values.size() + 1), sums_(stride_ * stride_, 0) {
    for (std::size_t row = 0; row < values.size(); ++row) {
      double of_row = 0;
      for (std::size_t column = 0; column < values.size(); ++column) {
        of_row += std::abs(values[row] - values[column]);
        sums_[(row + 1) * stride_ + column + 1] = sums_[row * stride_ + column + 1] + of_row;
      }
    }
    for (std::size_t count = 0; count < stride_; ++count) totals_.push_back(at(count, count));
  }

  /// Q of the values before SPLIT against those from there to END: the energy distance of both,
  /// weighted by their counts (equations 5 and 7 of the paper, with exponent 1).
  [[nodiscard]] double divergence(std::size_t split, std::size_t end) const {
    const double before = static_cast<double>(split);
    const double after = static_cast<double>(end - split);
    const double total_before = totals_[split];
    const double across = at(split, end) - total_before;
    const double total_after = totals_[end] - 2 * across - total_before;
    // Each total counts every pair twice, as does before * (before - 1).
    const double energy = 2 * across / (before * after) - total_before / (before * (before - 1)) -
                          total_after / (after * (after - 1));
    return before * after / (before + after) * energy;
  }

 private:
  /// Of all pairs of one of the first ROWS and one of the first COLUMNS values.
  [[nodiscard]] double at(std::size_t rows, std::size_t columns) const {
    return sums_[rows * stride_ + columns];
  }

  std::size_t stride_;
  std::vector<double> sums_;
  std::vector<double> totals_;  ///< [n]: of the first n values with each other; close in memory
};

/// The best split of the beginning, of any length: what follows may change again and hide it.
Split best_split(std::span<const double> values, std::size_t shortest) {
  const DistanceSums sums(values);
  Split best;
  for (std::size_t split = shortest; split + shortest <= values.size(); ++split)
    for (std::size_t end = split + shortest; end <= values.size(); ++end) {
      const double divergence = sums.divergence(split, end);
      if (divergence > best.divergence) best = {.at = split, .divergence = divergence};
    }
  return best;
}

class Search {
 public:
  Search(std::span<const double> values, const ChangePointOptions& options)
      : values_(values), options_(options), random_(options.seed) {}

  std::vector<ChangePoint> run() {
    search(0, values_.size());
    std::sort(found_.begin(), found_.end(), [](const ChangePoint& left, const ChangePoint& right) {
      return left.index < right.index;
    });
    return found_;
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): each call has fewer values
  void search(std::size_t first, std::size_t end) {
    if (end - first < 2 * options_.shortest) return;
    const std::span<const double> segment = values_.subspan(first, end - first);
    const Split split = best_split(segment, options_.shortest);
    const double p = probability_of(split, segment);
    if (p > options_.alpha) return;
    found_.push_back({.index = first + split.at, .p = p});
    search(first, first + split.at);
    search(first + split.at, end);
  }

  /// How often chance does as well. Stops as soon as that is too often, which for a segment
  /// without a change is after a few orders (Besag and Clifford 1991).
  double probability_of(const Split& split, std::span<const double> segment) {
    const double orders = static_cast<double>(options_.permutations + 1);
    double as_great = 1;  // the order as it is
    if (split.divergence <= 0) return 1;
    std::vector<double> shuffled(segment.begin(), segment.end());
    for (std::size_t i = 0; i < options_.permutations && as_great / orders <= options_.alpha; ++i) {
      std::shuffle(shuffled.begin(), shuffled.end(), random_);
      if (best_split(shuffled, options_.shortest).divergence >= split.divergence) ++as_great;
    }
    return as_great / orders;
  }

  std::span<const double> values_;
  ChangePointOptions options_;
  std::mt19937_64 random_;
  std::vector<ChangePoint> found_;
};

}  // namespace

std::vector<ChangePoint> find_change_points(std::span<const double> values,
                                            const ChangePointOptions& options) {
  ensure(options.shortest >= 2, "the spread of a segment takes two values");
  return Search(values, options).run();
}

}  // namespace tunrelay
