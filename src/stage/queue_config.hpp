// SPDX-License-Identifier: MIT
// What waits before a bottleneck, and what is done when too much does: plain data.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace tunrelay {

/// What a queue's limit counts.
enum class QueueLimitUnit : std::uint8_t {
  kPackets,      ///< wire segments
  kBytes,        ///< of their frames
  kNanoseconds,  ///< how long the link would need for all that waits
};

/// Who says what is dropped, or marked, before the limit is reached.
enum class QueueKind : std::uint8_t {
  kDropTail,  ///< nobody: packets for a full queue are dropped
  kCodel,     ///< RFC 8289
  kPie,       ///< RFC 8033
  kFqCodel,   ///< RFC 8290
  kDropHead,  ///< nobody: what waits longest makes room
  kInfinite,  ///< nobody, and nothing is ever full
  kRed,       ///< adaptive RED
  kDualPi2,   ///< RFC 9332
};

struct QueueConfig {
  QueueKind kind = QueueKind::kDropTail;
  QueueLimitUnit limit_unit = QueueLimitUnit::kPackets;
  std::uint64_t limit = 0;  ///< in its unit; 0: default_limit_packets()
  /// Packets that can bear it get the mark "congestion experienced" (RFC 3168) where the rules
  /// would drop them; a full queue drops all the same.
  bool ecn = false;
  std::int64_t target_ns = 0;  ///< the delay that is aimed at; 0: the RFC's
  std::int64_t interval_ns =
      0;                    ///< CoDel's INTERVAL, PIE's T_UPDATE, RED's, dualpi2's; 0: the RFC's
  std::uint32_t flows = 0;  ///< fq_codel's flow queues; 0: the RFC's
  std::uint32_t quantum_bytes = 0;  ///< fq_codel's, of what the link carries; 0: the RFC's
  std::uint64_t min_bytes = 0;      ///< RED's lower threshold; 0: by target and rate
  std::uint64_t max_bytes = 0;      ///< RED's upper one; 0: three times the lower one
  double probability = 0;           ///< RED's at the upper threshold; 0: it follows the load

  std::int64_t step_ns = 0;  ///< dualpi2's, of the low-latency queue's delay; 0: the RFC's

  bool operator==(const QueueConfig&) const = default;
};

/// netem's, that of RFC 8290, 5.2.3, and Linux's of dualpi2.
[[nodiscard]] inline std::uint64_t default_limit_packets(QueueKind kind) noexcept {
  if (kind == QueueKind::kFqCodel) return 10'240;
  return kind == QueueKind::kDualPi2 ? 10'000 : 1000;
}

/// RFC 8289, 4.2 and 4.3: TARGET and INTERVAL.
inline constexpr std::int64_t kCodelTargetNs = 5 * kNanosecondsPerMillisecond;
inline constexpr std::int64_t kCodelIntervalNs = 100 * kNanosecondsPerMillisecond;
/// RFC 8033, 4.2: QDELAY_REF and T_UPDATE.
inline constexpr std::int64_t kPieTargetNs = 15 * kNanosecondsPerMillisecond;
inline constexpr std::int64_t kPieUpdateNs = 15 * kNanosecondsPerMillisecond;

/// RFC 9332, appendix A.1: target, Tupdate, and the step of the native AQM of the L queue.
inline constexpr std::int64_t kDualPi2TargetNs = 15 * kNanosecondsPerMillisecond;
inline constexpr std::int64_t kDualPi2UpdateNs = 16 * kNanosecondsPerMillisecond;
inline constexpr std::int64_t kDualPi2StepNs = kNanosecondsPerMillisecond;
/// Adaptive RED, 4 and 5.
inline constexpr std::int64_t kRedTargetNs = 5 * kNanosecondsPerMillisecond;
inline constexpr std::int64_t kRedIntervalNs = 500 * kNanosecondsPerMillisecond;
/// RFC 8290, 5.2.4 and 5.2.5.
inline constexpr std::uint32_t kFqCodelQuantumBytes = 1514;
inline constexpr std::uint32_t kFqCodelFlows = 1024;

/// CONFIG with the defaults of its kind in the place of zeros.
[[nodiscard]] QueueConfig with_defaults(QueueConfig config) noexcept;
/// Whether both drop and mark below the limit by the same rules, whatever the limit is.
[[nodiscard]] bool has_same_rules(const QueueConfig& left, QueueConfig right) noexcept;

/// What stands around each packet on the link, with the meaning of netem's `rate`: OVERHEAD is
/// added to the frame, then the sum is rounded up to whole cells, of which each has a header.
struct WireSize {
  std::int32_t overhead_bytes = 0;        ///< may be negative, as where a header is left out
  std::uint32_t cell_bytes = 0;           ///< payload of a cell; 0: no cells. ATM: 48
  std::uint32_t cell_overhead_bytes = 0;  ///< ATM: 5

  [[nodiscard]] std::uint32_t bytes_of(std::uint32_t frame_bytes) const noexcept {
    const std::int64_t sum = std::int64_t{frame_bytes} + overhead_bytes;
    const auto bytes = static_cast<std::uint32_t>(sum < 1 ? 1 : sum);
    if (cell_bytes == 0) return bytes;
    return (bytes + cell_bytes - 1) / cell_bytes * (cell_bytes + cell_overhead_bytes);
  }
  bool operator==(const WireSize&) const = default;
};

}  // namespace tunrelay
