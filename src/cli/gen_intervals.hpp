// What the intervals of a trial tell: a line each for people, the rate over time for the result,
// and the latencies for the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gen/load_spec.hpp"
#include "gen/trial.hpp"
#include "measure/histogram.hpp"
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
  /// A line an interval and delay, without a head; empty when no interval had any.
  [[nodiscard]] const std::string& latency_log() const noexcept { return latency_log_; }

  void take(const IntervalReport& interval);

 private:
  void log(const std::string& name, const std::optional<Histogram>& delays,
           const IntervalReport& interval);

  bool tells_;
  std::int64_t length_ns_;
  const LoadSpec& spec_;
  Series rate_;
  double end_s_ = 0;
  std::string latency_log_;
};

}  // namespace tunrelay
