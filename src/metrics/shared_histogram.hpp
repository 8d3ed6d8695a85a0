// SPDX-License-Identifier: MIT
// A Histogram that one thread fills while others read it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/counter.hpp"
#include "metrics/histogram.hpp"

namespace tunrelay {

/// One writer, any number of readers; 224 KiB.
class SharedHistogram {
 public:
  SharedHistogram() : counts_(Histogram::index_of(Histogram::kHighest) + 1) {}

  /// The writer's thread. Values outside 0 to Histogram::kHighest count as the nearest within.
  void record(std::int64_t value, std::uint64_t count) noexcept {
    const std::size_t index = Histogram::index_of(value);
    counts_[index].add(count);
    blocks_[index / kBlock].add(count);
  }
  /// What was recorded so far; a reader may miss what is recorded meanwhile.
  [[nodiscard]] Histogram snapshot() const {
    Histogram histogram;
    for (std::size_t index = 0; index < counts_.size(); ++index)
      if (const std::uint64_t count = counts_[index].get(); count != 0)
        histogram.record(Histogram::lowest_at(index), count);
    return histogram;
  }

 private:
  friend class HistogramReader;
  /// So many neighbouring counts have a sum: a reader who comes often looks at few of them.
  static constexpr std::size_t kBlock = 256;
  static constexpr std::size_t kBlocks = (std::size_t{28} * 1024) / kBlock;

  std::vector<Counter> counts_;
  std::array<Counter, kBlocks> blocks_;
};

}  // namespace tunrelay
