// SPDX-License-Identifier: MIT
#include "metrics/histogram_reader.hpp"

#include <algorithm>

namespace tunrelay {
namespace {

constexpr double kP50 = 50;
constexpr double kP95 = 95;
constexpr double kP99 = 99;

}  // namespace

ValueSummary IntervalValues::summary() {
  std::sort(slots_.begin(), slots_.end(),
            [](const Slot& left, const Slot& right) { return left.index < right.index; });
  ValueSummary summary;
  for (const Slot& slot : slots_) summary.count += slot.count;
  if (summary.count == 0) return summary;
  const auto value_at = [&](double percentile) {
    const std::uint64_t rank = Histogram::rank_of(percentile, summary.count);
    std::uint64_t seen = 0;
    for (const Slot& slot : slots_)
      if ((seen += slot.count) >= rank) return Histogram::highest_at(slot.index);
    return Histogram::highest_at(slots_.back().index);
  };
  summary.p50 = value_at(kP50);
  summary.p95 = value_at(kP95);
  summary.p99 = value_at(kP99);
  summary.highest = Histogram::highest_at(slots_.back().index);
  return summary;
}

HistogramReader::HistogramReader(const SharedHistogram& source)
    : source_(&source), counts_(source.counts_.size()) {}

void HistogramReader::take(IntervalValues& values) {
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    // The writer adds to the block last: what it has there is in the counts, or will be looked for
    // again.
    const std::uint64_t sum = source_->blocks_[block].get();
    if (sum == blocks_[block]) continue;
    const std::size_t begin = block * SharedHistogram::kBlock;
    const std::size_t end = std::min(begin + SharedHistogram::kBlock, counts_.size());
    for (std::size_t index = begin; index < end; ++index) {
      const std::uint64_t count = source_->counts_[index].get();
      if (count == counts_[index]) continue;
      values.add(index, count - counts_[index]);
      blocks_[block] += count - counts_[index];
      counts_[index] = count;
    }
  }
}

}  // namespace tunrelay
