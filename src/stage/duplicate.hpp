// SPDX-License-Identifier: MIT
// The stage that passes some wire segments twice.
#pragma once

#include "stage/duplicate_config.hpp"
#include "stage/segment_cutter.hpp"

namespace tunrelay {

/// Of scope kLane: the lanes of a direction share NUMBERS.
class Duplicate final : public Stage {
 public:
  Duplicate(const DuplicateConfig& config, const ImpairmentKey& key,
            std::shared_ptr<SegmentNumbers> numbers)
      : cutter_(make_chance_hits(config.probability, config.correlation, key), std::move(numbers)) {
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "duplicate"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    cutter_.cut(
        packets, output, [&](const Packet& run, std::uint64_t) { output.pass(run); },
        [&](const Packet& segment, std::uint64_t) {
          output.copy(segment);
          output.pass(segment);
          output.pass(segment);
        });
  }

 private:
  SegmentCutter cutter_;
};

}  // namespace tunrelay
