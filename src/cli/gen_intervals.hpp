// SPDX-License-Identifier: MIT
// The intervals of a trial: a line each for people, the rates over time for the result,
// and the lines of a latency log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gen/load_spec.hpp"
#include "gen/trial.hpp"
#include "result/result.hpp"

namespace tunrelay {

class GenIntervals {
 public:
  /// LENGTH as the user wrote it; "0": no lines, and a second. SPEC must outlive it. Throws a usage
  /// Error.
  GenIntervals(const std::string& length, const LoadSpec& spec);

  [[nodiscard]] std::int64_t length_ns() const noexcept { return length_ns_; }
  /// A direction's each, named as its metric is: "throughput", "reverse_throughput".
  [[nodiscard]] const std::vector<Series>& rates() const noexcept { return rates_; }
  /// Of the trial, warm-up included.
  [[nodiscard]] double end_s() const noexcept { return end_s_; }

  void take(const IntervalReport& interval);

 private:
  bool tells_;
  std::int64_t length_ns_;
  const LoadSpec& spec_;
  std::vector<std::size_t> directions_;  ///< that the load has; a rate each
  std::vector<Series> rates_;
  double end_s_ = 0;
};

/// The delays of INTERVAL as lines of a latency log, one a delay; empty when it had none.
[[nodiscard]] std::string latency_log_lines(const IntervalReport& interval);

}  // namespace tunrelay
