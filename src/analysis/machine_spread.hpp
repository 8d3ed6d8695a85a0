// SPDX-License-Identifier: MIT
// How far the machines of a merged result lie apart, beside how far the samples of one do: whether
// they may count as alike. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

struct MachineSpread {
  std::string metric;
  std::string unit;
  std::string path;
  std::size_t machines = 0;  ///< with samples that count
  // Medians of machines, in the metric's unit: their median, and the lowest and the highest with
  // the machine that has it.
  double median = 0;
  double lowest = 0;
  double highest = 0;
  std::string lowest_machine;
  std::string highest_machine;
  /// The standard deviation of the machines' medians, and that of the samples of one machine (the
  /// median of all machines that have two samples at least; NaN where none has), both robust
  /// (robust_spread()) and as a ratio to `median`; NaN where that is 0.
  double between = 0;
  double within = 0;
};

/// Of each metric and path for which two machines at least have samples that count; nothing for a
/// result of one machine. In the order of metrics and paths.
[[nodiscard]] std::vector<MachineSpread> machine_spreads(const Result& result);

}  // namespace tunrelay
