// SPDX-License-Identifier: MIT
// The stage that delays wire segments, each by a time of its own where there is jitter, and lets
// some overtake.
#pragma once

#include <memory>
#include <span>

#include "stage/delay_config.hpp"
#include "stage/jitter.hpp"
#include "stage/release_queue.hpp"
#include "stage/segment_cutter.hpp"

namespace tunrelay {

/// Of scope kLane: the lanes of a direction share NUMBERS. A delay counts from when the packet came
/// to this stage: for the first one, from when the relay read it. Without jitter
/// a super-packet waits whole; with it, it is cut wherever neighbours are due at different times.
class Delay final : public Stage {
 public:
  /// CAPACITY: runs that may wait; runs beyond are dropped as `queue_memory_full`.
  Delay(const DelayConfig& config, const ImpairmentKey& key,
        std::shared_ptr<SegmentNumbers> numbers, std::size_t capacity = kDefaultCapacity);

  [[nodiscard]] std::string_view name() const noexcept override { return "delay"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override;
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return waiting_.empty() ? kNoDeadline : waiting_.next_ns();
  }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override;
  [[nodiscard]] Tally queued() const noexcept override { return waiting_.queued(); }
  /// What waits keeps its time, and nothing that comes from now on overtakes it, but for what is
  /// chosen to overtake.
  void take_over(Stage& former, std::int64_t now_ns) noexcept override;

 private:
  // Each wire segment of 100 MB of super-packets alone. Memory only as far as it is used.
  static constexpr std::size_t kDefaultCapacity = 65536;

  void enqueue(Packet run, std::uint64_t number, std::int64_t start_ns,
               StageOutput& output) noexcept;
  void wait(const Packet& run, std::int64_t release_ns, StageOutput& output) noexcept;
  [[nodiscard]] std::int64_t release_ns_of(std::uint64_t number, std::int64_t start_ns) noexcept;

  Jitter jitter_;
  bool keep_order_;
  SegmentCutter overtaking_;
  ReleaseQueue waiting_;
  std::int64_t last_release_ns_ = 0;      ///< of the segment before, where the order is kept
  std::int64_t earliest_ns_ = INT64_MIN;  ///< nothing is due before: that would overtake
};

}  // namespace tunrelay
