// SPDX-License-Identifier: MIT
// One way through a user's endpoint, as a Stage of its lane.
#pragma once

#include <memory>
#include <utility>

#include "plugin/user_endpoint.hpp"

namespace tunrelay {

class EndpointStage final : public Stage {
 public:
  EndpointStage(std::shared_ptr<UserEndpoint> endpoint, EndpointWay way)
      : endpoint_(std::move(endpoint)), way_(way) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "user"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override {
    endpoint_->process(way_, packets, now_ns, output);
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return endpoint_->next_deadline_ns(way_);
  }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override {
    endpoint_->release(way_, now_ns, output);
  }
  [[nodiscard]] Tally queued() const noexcept override { return endpoint_->queued(way_); }

 private:
  std::shared_ptr<UserEndpoint> endpoint_;
  EndpointWay way_;
};

}  // namespace tunrelay
