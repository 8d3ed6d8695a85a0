// SPDX-License-Identifier: MIT
// The stage that holds packets until a slot opens and lets them out together, as a medium does that
// has to be acquired (Wi-Fi, DOCSIS): netem's `slot` (net/sched/sch_netem.c: get_slot_next(),
// netem_dequeue()), on wire segments and in virtual time. A packet that comes after the last slot
// has opened waits for a new one, which is drawn then; what comes until that opens goes with it.
#pragma once

#include <cstdint>

#include "stage/jitter.hpp"
#include "stage/run_list.hpp"
#include "stage/slot_config.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Works on a whole direction: StageScope::kDirection.
class Slot final : public Stage {
 public:
  Slot(const SlotConfig& config, const ImpairmentKey& key);

  [[nodiscard]] std::string_view name() const noexcept override { return "slot"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override;
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override { return deadline_ns_; }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override;
  [[nodiscard]] Tally queued() const noexcept override { return queued_; }
  [[nodiscard]] const StageDetails* details() const noexcept override { return &details_; }
  /// The slot that was drawn opens when it would have; the next one is by the new rules.
  void take_over(Stage& former, std::int64_t now_ns) noexcept override;

 private:
  /// As many runs as a delay queues.
  static constexpr std::size_t kMaxRuns = 65536;

  void open_next(std::int64_t from_ns) noexcept;
  void let_out(WaitingRun& front, StageOutput& output) noexcept;

  SlotConfig config_;
  Jitter interval_;
  std::uint64_t drawn_ = 0;           ///< slots
  std::int64_t slot_ns_ = INT64_MIN;  ///< when the last slot that was drawn opens
  std::uint64_t packets_left_ = 0;
  std::int64_t bytes_left_ = 0;
  RunPool pool_{kMaxRuns};
  RunList runs_;
  Tally queued_;
  std::int64_t deadline_ns_ = kNoDeadline;
  StageDetails details_{StageDetail::kSlots};
};

}  // namespace tunrelay
