// SPDX-License-Identifier: MIT
// The stage that writes the traffic class of IP packets anew: another DSCP (RFC 2474), or no ECN,
// as a path does that bleaches it. Super-packets stay whole: the header is changed where it is
// written.
#pragma once

#include "packet/packet.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Of scope kLane.
class Remark final : public Stage {
 public:
  explicit Remark(TrafficClassChange change) : change_(change) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "remark"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (Packet packet : packets) {
      if (packet.layers.ip_version != 0) packet.traffic_class.add(change_);
      output.pass(packet);
    }
  }

 private:
  TrafficClassChange change_;
};

}  // namespace tunrelay
