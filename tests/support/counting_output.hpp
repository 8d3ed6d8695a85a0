// SPDX-License-Identifier: MIT
// Where a benchmark's stage puts its packets: they are counted, and nothing else.
#pragma once

#include <cstdint>
#include <optional>

#include "stage/stage.hpp"

namespace tunrelay::bench {

class CountingOutput final : public StageOutput {
 public:
  void pass(const Packet& packet) noexcept override {
    ++passed;
    segments += packet.run.count();
  }
  void drop(const Packet& packet, DropReason /*reason*/) noexcept override {
    segments += packet.run.count();
  }
  void share(const Packet& /*packet*/) noexcept override {}
  void copy(const Packet& /*packet*/) noexcept override {}
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& /*packet*/) noexcept override {
    return std::nullopt;
  }
  void commit(const Packet& /*packet*/) noexcept override {}
  void consume(const Packet& /*packet*/) noexcept override {}

  std::uint64_t passed = 0;    ///< packets
  std::uint64_t segments = 0;  ///< wire segments, passed or dropped
};

}  // namespace tunrelay::bench
