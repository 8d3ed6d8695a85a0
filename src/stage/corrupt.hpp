// SPDX-License-Identifier: MIT
// The stage that flips bits of some wire segments.
#pragma once

#include "stage/corrupt_config.hpp"
#include "stage/segment_cutter.hpp"

namespace tunrelay {

/// Of scope kLane: the lanes of a direction share NUMBERS. Where there is no memory for a changed
/// segment it is dropped as `queue_memory_full`.
class Corrupt final : public Stage {
 public:
  Corrupt(const CorruptConfig& config, const ImpairmentKey& key,
          std::shared_ptr<SegmentNumbers> numbers);

  [[nodiscard]] std::string_view name() const noexcept override { return "corrupt"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override;

 private:
  void flip_bits(Packet& segment, std::uint64_t number) const noexcept;

  CorruptConfig config_;
  RandomStream places_;
  SegmentCutter cutter_;
};

}  // namespace tunrelay
