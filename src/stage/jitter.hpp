// SPDX-License-Identifier: MIT
// How long each wire segment is delayed: netem's tabledist() (net/sched/sch_netem.c), and the
// tables of equally likely jitters that it draws from. In one thing they differ: netem takes a
// random number modulo the range, and so loses what a correlation has put into its upper bits; here
// it is scaled, so that neighbours' jitters are as alike as tc-netem(8) says, and nearer to the
// middle.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "stage/correlated_draw.hpp"
#include "stage/delay_config.hpp"

namespace tunrelay {

/// NETEM_DIST_SCALE: this number in a table is a jitter of DelayConfig::jitter_ns.
inline constexpr std::int32_t kJitterScale = 8192;

/// Reads a table in netem's `.dist` format: numbers of 16 bits with blanks between them; `#`
/// begins a comment. Throws a usage Error that names the line.
[[nodiscard]] std::vector<std::int16_t> parse_delay_table(std::string_view text);

/// The table of a shape as iproute2's programs make it (netem/normal.c and the like), by the
/// distribution's own formula: of mean 0, cut off where 16 bits end. Empty for kUniform and kTable.
[[nodiscard]] std::vector<std::int16_t> make_jitter_table(JitterShape shape);

/// Used by one thread.
class Jitter {
 public:
  Jitter(const DelayConfig& config, const ImpairmentKey& key);

  /// Whether segments' delays differ at all.
  [[nodiscard]] bool varies() const noexcept { return jitter_ns_ != 0; }
  /// The delay of the segment with that number, not below 0. With a correlation the numbers must
  /// rise; those left out are drawn too, since later ones depend on them.
  [[nodiscard]] std::int64_t delay_ns(std::uint64_t number) noexcept;

 private:
  std::int64_t delay_ns_;
  std::int64_t jitter_ns_;
  std::vector<std::int16_t> table_;  ///< empty: uniform
  CorrelatedDraw draw_;
  std::uint64_t undrawn_ = 0;
};

}  // namespace tunrelay
