// SPDX-License-Identifier: MIT
// The stage that is a link of limited speed with a queue before it: `rate` and `trace`. It acts
// on single wire segments in virtual time, so what comes out and when it is due depends on what
// came in, not on when we were woken; segments that leave in one wake-up leave as the longest runs.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "stage/link_pace.hpp"
#include "stage/link_queue.hpp"
#include "stage/queue_config.hpp"
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
  /// What has waited for long may leave a little later, together with what follows it: at most a
  /// sixteenth of its wait, and a millisecond. That is hardly seen on a link with a standing queue,
  /// and spares nine of ten wake-ups at 100 Mbit/s. What has hardly waited leaves on time.
  [[nodiscard]] std::int64_t latest_release_ns() const noexcept override;
  void release(std::int64_t now_ns, StageOutput& output) noexcept override;
  [[nodiscard]] Tally queued() const noexcept override { return queued_; }
  [[nodiscard]] const StageDetails* details() const noexcept override { return &queue_->details(); }
  /// What waits waits on. Of the segment on the link, what is left of it goes on at the new rate.
  void take_over(Stage& former, std::int64_t now_ns) noexcept override;

 private:
  /// Wire segments that have left the queue and were not yet passed on: of one run, the last one
  /// on the link while is_busy_.
  struct Leaving {
    Packet packet;         ///< its run may be none
    bool borrows = false;  ///< the hold on its buffer is that of the run which still waits

    [[nodiscard]] bool continues_with(const Packet& next) const noexcept {
      return borrows && packet.buffer == next.buffer && packet.queue == next.queue &&
             packet.run.last == next.run.first && packet.traffic_class == next.traffic_class;
    }
  };

  [[nodiscard]] LinkView view(std::int64_t now_ns) noexcept;
  void drain(std::int64_t now_ns, StageOutput& output) noexcept;
  void begin_service(const Departure& departure, std::int64_t begin_ns,
                     StageOutput& output) noexcept;
  void drop_first(WaitingRun& waiting, DropReason reason, StageOutput& output) noexcept;
  void let_out(std::uint16_t segments, StageOutput& output) noexcept;
  /// What is not yet through at NOW_NS of the segment on the link; at least 1.
  [[nodiscard]] std::uint32_t left_bytes(std::int64_t now_ns) const noexcept;

  std::unique_ptr<LinkPace> pace_;
  WireSize wire_;
  std::int64_t gather_ns_;
  std::unique_ptr<LinkQueue> queue_;
  Leaving leaving_;
  bool is_busy_ = false;             ///< a segment is on the link
  std::uint32_t on_link_bytes_ = 0;  ///< of that segment, with its framing
  std::int64_t on_link_since_ns_ = 0;
  std::int64_t arrival_ns_ = INT64_MIN;       ///< of what came last
  std::int64_t waited_ns_ = 0;                ///< in the queue, by the segment that left it last
  std::int64_t free_ns_ = INT64_MIN;          ///< when the link was, or will be, through
  std::int64_t last_out_ns_ = INT64_MIN / 2;  ///< when something left
  std::int64_t deadline_ns_ = kNoDeadline;
  Tally queued_;
};

}  // namespace tunrelay
