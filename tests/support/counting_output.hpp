// SPDX-License-Identifier: MIT
// Where a stage of a test or a benchmark puts its packets: they are counted, and nothing is held.
#pragma once

#include <cstdint>
#include <optional>

#include "stage/stage.hpp"

namespace tunrelay::test {

class CountingOutput final : public StageOutput {
 public:
  void pass(const Packet& packet) noexcept override {
    ++passed_packets;
    passed_segments += packet.run.count();
  }
  void drop(const Packet& packet, DropReason /*reason*/) noexcept override {
    dropped_segments += packet.run.count();
  }
  void share(const Packet& /*packet*/) noexcept override {}
  void copy(const Packet& /*packet*/) noexcept override {}
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& /*packet*/) noexcept override {
    return std::nullopt;
  }
  void commit(const Packet& /*packet*/) noexcept override {}
  void consume(const Packet& /*packet*/) noexcept override {}

  std::uint64_t passed_packets = 0;
  std::uint64_t passed_segments = 0;
  std::uint64_t dropped_segments = 0;
};

}  // namespace tunrelay::test
