// SPDX-License-Identifier: MIT
#include "metrics/histogram.hpp"

#include <cmath>
#include <limits>

namespace tunrelay {
namespace {

/// A value in the middle of SLOT, rounded up where there are two.
double middle_of(const Histogram::Slot& slot) {
  const std::int64_t middle = slot.lowest + (slot.highest - slot.lowest + 1) / 2;
  return static_cast<double>(middle);
}

}  // namespace

// HdrHistogram has room for whole doublings, up to the one that has the highest value.
Histogram::Histogram() : counts_((index_of(kHighest) / kHalf + 1) * kHalf) {}

Histogram& Histogram::operator+=(const Histogram& other) noexcept {
  for (std::size_t index = 0; index < counts_.size(); ++index)
    counts_[index] += other.counts_[index];
  total_ += other.total_;
  outside_ += other.outside_;
  return *this;
}

Histogram& Histogram::operator-=(const Histogram& earlier) noexcept {
  for (std::size_t index = 0; index < counts_.size(); ++index)
    counts_[index] -= earlier.counts_[index];
  total_ -= earlier.total_;
  outside_ -= earlier.outside_;
  return *this;
}

Histogram Histogram::copy_while_recorded() const {
  Histogram copy;
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    copy.counts_[index] = __atomic_load_n(&counts_[index], __ATOMIC_RELAXED);
    copy.total_ += copy.counts_[index];
  }
  return copy;
}

void Histogram::clear() noexcept {
  std::fill(counts_.begin(), counts_.end(), 0);
  total_ = 0;
  outside_ = 0;
}

std::int64_t Histogram::lowest() const noexcept {
  for (std::size_t index = 0; index < counts_.size(); ++index)
    if (counts_[index] != 0) return lowest_at(index);
  return 0;
}

std::int64_t Histogram::highest() const noexcept {
  for (std::size_t index = counts_.size(); index-- != 0;)
    if (counts_[index] != 0) return highest_at(index);
  return 0;
}

double Histogram::mean() const noexcept {
  if (total_ == 0) return 0;
  double sum = 0;
  for_each_slot(
      [&sum](const Slot& slot) { sum += middle_of(slot) * static_cast<double>(slot.count); });
  return sum / static_cast<double>(total_);
}

double Histogram::standard_deviation() const noexcept {
  if (total_ == 0) return 0;
  double sum = 0;
  for_each_slot([&sum, mean = mean()](const Slot& slot) {
    const double deviation = middle_of(slot) - mean;
    sum += deviation * deviation * static_cast<double>(slot.count);
  });
  return std::sqrt(sum / static_cast<double>(total_));
}

std::uint64_t Histogram::rank_of(double percentile, std::uint64_t total) noexcept {
  // One unit in the last place is taken off first, so that 90 % of ten values are nine of them
  // although 0.9 is not a binary number: what is rounded up next must not just have passed a whole
  // one.
  const double requested =
      std::clamp(std::nextafter(percentile, -std::numeric_limits<double>::infinity()), 0.0, 100.0);
  const double wanted = std::ceil(requested * static_cast<double>(total) / 100);
  // A percentile that is not a number gives the first value, as it does there.
  return wanted >= 1 ? static_cast<std::uint64_t>(wanted) : 1;
}

std::int64_t Histogram::value_at_percentile(double percentile) const noexcept {
  const std::uint64_t count = rank_of(percentile, total_);
  std::uint64_t so_far = 0;
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    so_far += counts_[index];
    if (so_far >= count) return percentile == 0 ? lowest_at(index) : highest_at(index);
  }
  return 0;
}

std::uint64_t Histogram::count_up_to(std::int64_t value) const noexcept {
  if (value < 0) return 0;
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index <= index_of(value); ++index) sum += counts_[index];
  return sum;
}

void Histogram::for_each_slot(const std::function<void(const Slot&)>& visit) const {
  std::uint64_t so_far = 0;
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    if (counts_[index] == 0) continue;
    so_far += counts_[index];
    visit({lowest_at(index), highest_at(index), counts_[index], so_far});
  }
}

std::int64_t Histogram::lowest_at(std::size_t index) noexcept {
  if (index < 2 * kHalf) return static_cast<std::int64_t>(index);
  return static_cast<std::int64_t>((index % kHalf + kHalf) << (index / kHalf - 1));
}

std::int64_t Histogram::highest_at(std::size_t index) noexcept {
  const std::int64_t width = index < 2 * kHalf ? 1 : std::int64_t{1} << (index / kHalf - 1);
  return lowest_at(index) + width - 1;
}

}  // namespace tunrelay
