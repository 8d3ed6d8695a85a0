// SPDX-License-Identifier: MIT
// The options of the stage `delay`; plain data, each value with tc-netem(8)'s meaning
// where netem has it.
#pragma once

#include <cstdint>
#include <vector>

namespace tunrelay {

/// How the jitter of wire segments is spread around the delay.
enum class JitterShape : std::uint8_t {
  kUniform,       ///< evenly within delay +- jitter
  kNormal,        ///< jitter is the standard deviation; cut at four of them, as netem's table is
  kPareto,        ///< a heavy tail: Pareto of index 3
  kParetoNormal,  ///< a quarter normal, three quarters Pareto
  kTable,         ///< DelayConfig::table
};

/// Some wire segments overtake: they go at once, all others are delayed. Probability 0: none.
struct ReorderConfig {
  double probability = 0;  ///< 0 to 1: that a segment whose turn it is goes at once
  double correlation = 0;  ///< 0 to 1: how much a decision follows the one before
  std::uint32_t gap = 1;   ///< at least 1: every gap-th segment is one whose turn it is

  bool operator==(const ReorderConfig&) const = default;
};

struct DelayConfig {
  std::int64_t delay_ns = 0;      ///< from the packet's arrival; at least 0
  std::int64_t jitter_ns = 0;     ///< at least 0; a segment's delay is never below 0
  double jitter_correlation = 0;  ///< 0 to 1: how much a segment's jitter follows the one before
  JitterShape shape = JitterShape::kUniform;
  /// kTable: jitters that are equally likely, in units of jitter_ns / 8192; not empty. What
  /// parse_delay_table() reads from a file in netem's `.dist` format.
  std::vector<std::int16_t> table{};
  /// A segment waits for those before it. Off, as netem is: one with less jitter overtakes.
  bool keep_order = false;
  ReorderConfig reorder{};

  bool operator==(const DelayConfig&) const = default;
};

}  // namespace tunrelay
