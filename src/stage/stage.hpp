// SPDX-License-Identifier: MIT
// A Stage: a step over the packets of one direction on their way through the relay. It may
// pass, drop or queue each packet, cut it into runs of wire segments, pass it twice, change it,
// or add one of its own.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "base/drop_reason.hpp"
#include "base/ensure.hpp"
#include "base/tally.hpp"
#include "packet/packet.hpp"
#include "stage/stage_details.hpp"

namespace tunrelay {

/// Memory for a frame of a stage's own. There is room for any frame, and for the virtio-net
/// header before it.
struct FrameBuffer {
  BufferId buffer = 0;
  std::uint16_t queue = 0;     ///< Packet::queue of the frame that will stand there
  std::byte* frame = nullptr;  ///< the first byte of the frame
};

/// Where a stage's packets go. Every packet given to a stage must, sooner or later, be passed
/// or dropped here, whole or as runs that together make up the packet's own run.
///
/// A packet's bytes are shared by all its runs and copies: they may be read and never written.
/// A packet to change is first made a frame of the stage's own (stage/own_frame.hpp).
class StageOutput {
 public:
  virtual ~StageOutput() = default;
  /// On to the next stage, or out of the relay.
  virtual void pass(const Packet& packet) noexcept = 0;
  /// Counted under REASON; the run's hold on its buffer ends.
  virtual void drop(const Packet& packet, DropReason reason) noexcept = 0;
  /// One more run shares the packet's buffer; call it once for each run beyond the first.
  virtual void share(const Packet& packet) noexcept = 0;
  /// PACKET's run exists once more, counted as made: it too must be passed or dropped.
  virtual void copy(const Packet& packet) noexcept = 0;
  /// Memory for a frame beside PACKET, which must be one that came from this queue. Nothing
  /// when the queue memory is full. Every buffer that is taken must be committed.
  [[nodiscard]] virtual std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept = 0;
  /// PACKET, in space that was taken, exists: counted as made, and to be passed or dropped.
  virtual void commit(const Packet& packet) noexcept = 0;
  /// PACKET's run no longer exists: a committed one stands for it. Takes it off what was made.
  virtual void consume(const Packet& packet) noexcept = 0;
};

/// Takes the first SEGMENTS (1 to all) of PACKET's run as a run of its own, which must be passed
/// or dropped by itself. PACKET keeps the rest, which may be none.
[[nodiscard]] inline Packet split_front(Packet& packet, std::uint64_t segments,
                                        StageOutput& output) noexcept {
  Packet front = packet;
  front.run.last = static_cast<std::uint16_t>(packet.run.first + segments);
  packet.run.first = front.run.last;
  if (packet.run.count() != 0) output.share(front);
  return front;
}

/// Asks FATE_OF(number) of each of PACKET's wire segments, in order, and calls ACT(run, fate) for
/// the longest runs of neighbours of one fate; each run must be passed or dropped by itself.
template <typename FateOf, typename Act>
void cut_by_fate(const Packet& packet, StageOutput& output, FateOf fate_of, Act act) noexcept {
  const std::uint16_t last = packet.run.last;
  Packet rest = packet;
  auto fate = fate_of(rest.run.first);
  for (auto next = static_cast<std::uint16_t>(rest.run.first + 1); next <= last; ++next) {
    const auto next_fate = next == last ? fate : fate_of(next);
    if (next != last && next_fate == fate) continue;
    act(split_front(rest, static_cast<std::uint64_t>(next - rest.run.first), output), fate);
    fate = next_fate;
  }
}

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
  /// When queued packets are due (CLOCK_MONOTONIC): the worker then calls release().
  [[nodiscard]] virtual std::int64_t next_deadline_ns() const noexcept { return kNoDeadline; }
  /// Until when nobody would mind if they came: a worker that sleeps does so until then, and is
  /// spared a wake-up for each packet.
  [[nodiscard]] virtual std::int64_t latest_release_ns() const noexcept {
    return next_deadline_ns();
  }
  virtual void release(std::int64_t /*now_ns*/, StageOutput& /*output*/) noexcept {}
  /// What is queued now; when the relay stops, it is counted as dropped.
  [[nodiscard]] virtual Tally queued() const noexcept { return {}; }
  /// What it counts of its own decisions; null: nothing. Asked for by its thread.
  [[nodiscard]] virtual const StageDetails* details() const noexcept { return nullptr; }
  /// Takes the place of FORMER, a stage of the same class with other parameters, at NOW_NS: what
  /// that queues is queued here, in its order, and what it has counted goes on here. FORMER is then
  /// destroyed without another call. The default is for stages that keep nothing.
  virtual void take_over(Stage& /*former*/, std::int64_t /*now_ns*/) noexcept {}
};

/// FORMER as what it must be: of the class of the stage that takes over.
template <typename Same>
[[nodiscard]] Same& same_stage(Stage& former) noexcept {
  auto* same = dynamic_cast<Same*>(&former);
  ensure(same != nullptr, "a stage takes over from one of its class");
  return *same;
}

}  // namespace tunrelay
