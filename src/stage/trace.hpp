// SPDX-License-Identifier: MIT
// The stage that shows every packet to a TraceLog and passes it on unchanged.
#pragma once

#include <algorithm>
#include <cstring>

#include "stage/stage.hpp"
#include "stage/trace_log.hpp"

namespace tunrelay {

class Trace final : public Stage {
 public:
  /// DEVICE: 0 for packets read from a, 1 from b. The log must outlive the stage.
  Trace(TraceLog& log, std::uint8_t device, std::uint16_t queue)
      : log_(log), device_(device), queue_(queue) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "trace"; }

  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      TraceRecord record;
      record.frame_bytes = packet.frame_bytes;
      record.queue = queue_;
      record.device = device_;
      record.header = packet.header;
      record.run = packet.run;
      const auto snapped = std::min<std::size_t>(packet.frame_bytes, TraceRecord::kSnapBytes);
      record.snapped_bytes = static_cast<std::uint8_t>(snapped);
      std::memcpy(record.snap.data(), packet.frame, snapped);
      log_.record(record);
      output.pass(packet);
    }
  }

 private:
  TraceLog& log_;
  std::uint8_t device_;
  std::uint16_t queue_;
};

}  // namespace tunrelay
