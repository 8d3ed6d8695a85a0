// A Stage: a step over the packets of one direction on their way through the relay. It may
// pass, drop or hold each packet, or cut it into runs of wire segments.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "base/drop_reason.hpp"
#include "base/tally.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// Where a stage's packets go. Every packet given to a stage must, sooner or later, be passed
/// or dropped here, whole or as runs that together make up the packet's own run.
class StageOutput {
 public:
  virtual ~StageOutput() = default;
  /// On to the next stage, or out of the relay.
  virtual void pass(const Packet& packet) noexcept = 0;
  /// Counted under REASON; the run's hold on its buffer ends.
  virtual void drop(const Packet& packet, DropReason reason) noexcept = 0;
  /// One more run shares the packet's buffer; call it once for each run beyond the first.
  virtual void share(const Packet& packet) noexcept = 0;
};

/// Whose packets one instance of a stage sees.
enum class StageScope : std::uint8_t {
  kLane,       ///< one queue's, on that queue's worker
  kDirection,  ///< all queues' of the direction, on one worker (a rate, a queue, a trace file)
};

/// One instance is used by one thread alone, so a stage needs no locks.
/// Nothing here may throw, block, or allocate after construction.
class Stage {
 public:
  static constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();

  virtual ~Stage() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Takes the packets of one turn, in arrival order.
  virtual void process(std::span<const Packet> packets, std::int64_t now_ns,
                       StageOutput& output) noexcept = 0;
  /// When held packets are due (CLOCK_MONOTONIC): the worker then calls release().
  [[nodiscard]] virtual std::int64_t next_deadline_ns() const noexcept { return kNoDeadline; }
  virtual void release(std::int64_t /*now_ns*/, StageOutput& /*output*/) noexcept {}
  /// What is held now; when the relay stops, it is counted as dropped.
  [[nodiscard]] virtual Tally held() const noexcept { return {}; }
};

}  // namespace tunrelay
