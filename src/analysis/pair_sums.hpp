// SPDX-License-Identifier: MIT
// Order statistics of all sums x_i + y_j of two sorted lists, without making the sums: of two
// thousand values each there are four million. The sums form a matrix whose rows and columns rise,
// so how many of them are below a value is counted in one walk along its staircase, and a pivot
// between the rows' middles rules out a quarter of what is left each time (Johnson and Mizoguchi,
// "Selecting the Kth element in X + Y and X_1 + ... + X_m", 1978).
#pragma once

#include <cstddef>
#include <vector>

namespace tunrelay {

/// Not to be changed once made; reading it is safe for any number of threads.
class PairSums {
 public:
  /// All sums of a value of ROWS and one of COLUMNS. Either comes in any order, neither empty.
  static PairSums of_two(std::vector<double> rows, std::vector<double> columns);
  /// The sums of each value with itself and with each later one: n (n + 1) / 2 of n VALUES.
  static PairSums of_one(std::vector<double> values);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The sum at PLACE, counted from 0 (the least) to size() - 1. O(n log n) each of some twenty
  /// times for n rows and columns.
  [[nodiscard]] double at(std::size_t place) const;
  /// Of an even number of sums, the mean of the two in the middle.
  [[nodiscard]] double median() const;

 private:
  PairSums(std::vector<double> rows, std::vector<double> columns, bool triangle);

  /// Of each row, the columns that may still hold the sum that is looked for.
  struct Remaining;
  [[nodiscard]] double pivot(const Remaining& remaining) const;
  [[nodiscard]] double nth_of(const Remaining& remaining, std::size_t place) const;

  std::vector<double> rows_;
  std::vector<double> columns_;
  bool triangle_;  ///< row i has the columns from i on only
  std::size_t size_;
};

}  // namespace tunrelay
