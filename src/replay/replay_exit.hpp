// SPDX-License-Identifier: MIT
// Where the stages of one direction of a replay lead: into a pcapng file, at the virtual time of
// the moment.
#pragma once

#include <array>
#include <cstdint>

#include "replay/frame_store.hpp"
#include "replay/replay.hpp"
#include "replay/replay_output.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Keeps the books in REPORT as a lane does: read + made == written + queued + dropped.
class ReplayExit final : public StageOutput {
 public:
  /// INTERFACE: of OUTPUT. All must outlive it.
  ReplayExit(ReplayOutput& output, std::uint32_t interface, FrameStore& store, ReplayReport& report)
      : output_(output), interface_(interface), store_(store), report_(report) {}

  /// What is let out from now on leaves at that time.
  void set_time(std::int64_t now_ns) noexcept { now_ns_ = now_ns; }

  void pass(const Packet& packet) noexcept override;
  void drop(const Packet& packet, DropReason reason) noexcept override;
  void share(const Packet& packet) noexcept override { store_.retain(packet.buffer); }
  void copy(const Packet& packet) noexcept override;
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override;
  void commit(const Packet& packet) noexcept override;
  void consume(const Packet& packet) noexcept override;

 private:
  ReplayOutput& output_;
  std::uint32_t interface_;
  FrameStore& store_;
  ReplayReport& report_;
  std::int64_t now_ns_ = 0;
};

}  // namespace tunrelay
