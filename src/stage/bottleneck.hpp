// SPDX-License-Identifier: MIT
// The stage that is a link of limited speed with a queue before it: `rate` and `trace`. It acts
// on single wire segments in virtual time, so what comes out and when it is due depends on what
// came in, not on when we were woken; segments that leave in one wake-up leave as the longest runs.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "stage/link_pace.hpp"
#include "stage/packet_queue.hpp"
#include "stage/queue_config.hpp"
#include "stage/queue_discipline.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Works on a whole direction: StageScope::kDirection.
class Bottleneck final : public Stage {
 public:
  struct Settings {
    QueueConfig queue = {};
    WireSize wire = {};
    std::uint64_t seed = 0;
    /// While packets wait, wake-ups are at least that far apart, so that what is due gathers: on a
    /// link of 1 Gbit/s a packet is due every 12 us. 0: each packet has a deadline of its own.
    std::int64_t gather_ns = 20 * kNanosecondsPerMicrosecond;
  };

  Bottleneck(std::unique_ptr<LinkPace> pace, const Settings& settings);

  [[nodiscard]] std::string_view name() const noexcept override { return "rate"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override;
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override { return deadline_ns_; }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override;
  [[nodiscard]] Tally queued() const noexcept override { return queued_; }

 private:
  void admit(const Packet& packet, std::int64_t now_ns, StageOutput& output) noexcept;
  QueueVerdict arrive(const Packet& packet, std::uint16_t segment, std::int64_t now_ns) noexcept;
  [[nodiscard]] bool is_full(std::uint32_t frame_bytes, std::int64_t now_ns) noexcept;
  void drain(std::int64_t now_ns, StageOutput& output) noexcept;
  bool begin_service(std::int64_t begin_ns, StageOutput& output) noexcept;
  void take_front(StageOutput& output) noexcept;
  void drop_front(StageOutput& output) noexcept;
  void let_out(StageOutput& output, bool more_follows) noexcept;

  std::unique_ptr<LinkPace> pace_;
  Settings settings_;
  std::unique_ptr<QueueDiscipline> discipline_;
  PacketQueue queue_;
  Packet leaving_;           ///< what has left the front packet's run, not yet passed on
  bool is_leaving_ = false;  ///< whether there is any
  bool in_service_ = false;  ///< the front's first segment is on the link, and no longer counted
  bool mark_in_service_ = false;
  bool link_is_idle_ = false;         ///< when this turn's packets came
  bool is_promised_ = false;          ///< the queue's only segment goes at once and is not counted
  std::int64_t free_ns_ = INT64_MIN;  ///< when the link was, or will be, through with the last one
  std::int64_t last_out_ns_ = INT64_MIN / 2;  ///< when something left
  std::int64_t deadline_ns_ = kNoDeadline;
  Tally queued_;
};

}  // namespace tunrelay
