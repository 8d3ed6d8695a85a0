// SPDX-License-Identifier: MIT
// The stage that loses wire segments; LossConfig says which.
#pragma once

#include "stage/loss_config.hpp"
#include "stage/segment_cutter.hpp"

namespace tunrelay {

/// Of scope kLane: the lanes of a direction share NUMBERS.
class Loss final : public Stage {
 public:
  Loss(const LossConfig& config, const ImpairmentKey& key, std::shared_ptr<SegmentNumbers> numbers)
      : cutter_(make_loss_hits(config, key), std::move(numbers)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "loss"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    cutter_.cut(
        packets, output, [&](const Packet& run, std::uint64_t) { output.pass(run); },
        [&](const Packet& segment, std::uint64_t) { output.drop(segment, DropReason::kLoss); });
  }

 private:
  SegmentCutter cutter_;
};

}  // namespace tunrelay
