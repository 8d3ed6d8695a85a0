// SPDX-License-Identifier: MIT
// A StageOutput that hands all on to another: for those that stand between the two and want to
// see, or change, some of it.
#pragma once

#include "stage/stage.hpp"

namespace tunrelay {

class ForwardingOutput : public StageOutput {
 public:
  /// OUTPUT must outlive it.
  explicit ForwardingOutput(StageOutput& output) noexcept : output_(output) {}

  void pass(const Packet& packet) noexcept override { output_.pass(packet); }
  void drop(const Packet& packet, DropReason reason) noexcept override {
    output_.drop(packet, reason);
  }
  void share(const Packet& packet) noexcept override { output_.share(packet); }
  void copy(const Packet& packet) noexcept override { output_.copy(packet); }
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override {
    return output_.take_buffer(packet);
  }
  void commit(const Packet& packet) noexcept override { output_.commit(packet); }
  void consume(const Packet& packet) noexcept override { output_.consume(packet); }

 protected:
  [[nodiscard]] StageOutput& output() noexcept { return output_; }

 private:
  StageOutput& output_;
};

}  // namespace tunrelay
