// What the intervals of a trial tell: a line each for people, the rate over time for the result,
// and the lines of a latency log.
#pragma once

#include <cstdint>
#include <string>

#include "gen/load_spec.hpp"
#include "gen/trial.hpp"
#include "measure/result.hpp"

namespace tunrelay {

class GenIntervals {
 public:
  /// LENGTH as the user wrote it; "0": no lines, and a second. SPEC must outlive it. Throws a usage
  /// Error.
  GenIntervals(const std::string& length, const LoadSpec& spec);

  [[nodiscard]] std::int64_t length_ns() const noexcept { return length_ns_; }
  [[nodiscard]] const Series& rate() const noexcept { return rate_; }
  /// Of the trial, warm-up included.
  [[nodiscard]] double end_s() const noexcept { return end_s_; }

  void take(const IntervalReport& interval);

 private:
  bool tells_;
  std::int64_t length_ns_;
  const LoadSpec& spec_;
  Series rate_;
  double end_s_ = 0;
};

/// The delays of INTERVAL as lines of a latency log, one a delay; empty when it had none.
[[nodiscard]] std::string latency_log_lines(const IntervalReport& interval);

}  // namespace tunrelay
