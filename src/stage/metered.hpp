// SPDX-License-Identifier: MIT
// A stage with its counters: stands around any stage and writes down what goes in and comes out,
// so that no stage counts for itself.
#pragma once

#include <memory>
#include <utility>

#include "packet/ecn.hpp"
#include "stage/forwarding_output.hpp"
#include "stage/stage.hpp"
#include "stage/stage_counters.hpp"
#include "stage/stage_tap.hpp"

namespace tunrelay {

class Metered final : public Stage {
 public:
  /// COUNTERS are this instance's alone to write. TAP sees its packets; null: nobody does.
  Metered(std::unique_ptr<Stage> stage, std::shared_ptr<StageCounters> counters,
          std::shared_ptr<StageTap> tap = nullptr)
      : stage_(std::move(stage)), counters_(std::move(counters)), tap_(std::move(tap)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return stage_->name(); }

  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override {
    Tally taken;
    for (const Packet& packet : packets) taken += tally_of(packet);
    counters_->taken.add(taken);
    if (tap_)
      for (const Packet& packet : packets) tap_->taken(packet, now_ns);
    Meter meter(*this, now_ns, output);
    stage_->process(packets, now_ns, meter);
    note_state();
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return stage_->next_deadline_ns();
  }
  [[nodiscard]] std::int64_t latest_release_ns() const noexcept override {
    return stage_->latest_release_ns();
  }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override {
    counters_->late_ns.record(now_ns - stage_->next_deadline_ns(), 1);
    Meter meter(*this, now_ns, output);
    stage_->release(now_ns, meter);
    note_state();
  }
  [[nodiscard]] Tally queued() const noexcept override { return stage_->queued(); }
  /// With the same counters, which go on.
  void take_over(Stage& former, std::int64_t now_ns) noexcept override {
    stage_->take_over(*same_stage<Metered>(former).stage_, now_ns);
  }

 private:
  class Meter final : public ForwardingOutput {
   public:
    Meter(Metered& metered, std::int64_t now_ns, StageOutput& output)
        : ForwardingOutput(output),
          counters_(*metered.counters_),
          tap_(metered.tap_.get()),
          now_ns_(now_ns) {}
    void pass(const Packet& packet) noexcept override {
      const std::uint64_t segments = packet.run.count();
      counters_.passed.add(tally_of(packet));
      counters_.delay_ns.record(now_ns_ - packet.handed_ns, segments);
      counters_.since_read_ns.record(now_ns_ - packet.arrival_ns, segments);
      if (is_marked(packet)) counters_.marked.add(segments);
      if (tap_ != nullptr) tap_->passed(packet, now_ns_);
      Packet onward = packet;
      onward.handed_ns = now_ns_;
      output().pass(onward);
    }
    void drop(const Packet& packet, DropReason reason) noexcept override {
      counters_.dropped.add(reason, tally_of(packet));
      if (tap_ != nullptr) tap_->dropped(packet, now_ns_);
      output().drop(packet, reason);
    }

   private:
    StageCounters& counters_;
    StageTap* tap_;
    std::int64_t now_ns_;
  };

  void note_state() noexcept {
    const Tally queued = stage_->queued();
    counters_->queued.set(queued);
    counters_->queued_peak.note(queued);
    if (const StageDetails* details = stage_->details()) counters_->details.set(*details);
  }

  std::unique_ptr<Stage> stage_;
  std::shared_ptr<StageCounters> counters_;
  std::shared_ptr<StageTap> tap_;
};

}  // namespace tunrelay
