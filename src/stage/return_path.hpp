// SPDX-License-Identifier: MIT
// The way back: frames that a stage sends to the device that its packets come from. What the stage
// says in one direction's turn waits until the other direction's lane of the same queue has its
// own, in the same turn of the worker or the next, and enters there by a stage at its beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/counter.hpp"
#include "packet/packet.hpp"
#include "stage/own_frame.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Of one stage and queue. Made by any thread, else used by its worker's alone, but for sent().
class ReturnPath {
 public:
  struct Site {
    FrameSource::Place place;
    LinkType link_type = LinkType::kIp;
    bool leads_nowhere = false;  ///< there is no other direction: frames are only counted
  };

  explicit ReturnPath(const Site& site);

  /// A copy of FRAME goes back, complete with its checksums. Where there is no room for it, it is
  /// lost, as an answer may be.
  void send(std::span<const std::byte> frame) noexcept;

  [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
  /// Passes what waits to OUTPUT, of the other direction.
  void deliver(std::int64_t now_ns, StageOutput& output) noexcept;

  /// Frames that went back; any thread.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.get(); }

 private:
  Site site_;
  FrameSource source_;
  WaitingFrames frames_;
  std::vector<WaitingFrames::Place> waiting_;
  Counter sent_;
};

/// Where a ReturnPath's frames enter the other direction: of scope kLane.
class ReturnStage final : public Stage {
 public:
  explicit ReturnStage(std::shared_ptr<ReturnPath> path) : path_(std::move(path)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "answers"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) output.pass(packet);
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return path_->has_waiting() ? 0 : kNoDeadline;
  }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override {
    path_->deliver(now_ns, output);
  }

 private:
  std::shared_ptr<ReturnPath> path_;
};

}  // namespace tunrelay
