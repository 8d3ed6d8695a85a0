// SPDX-License-Identifier: MIT
// The stage that is a link which goes down and comes back: while it is down, everything is dropped.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "stage/stage.hpp"

namespace tunrelay {

/// When the link is down, counted from when the emulated link began.
struct OutageConfig {
  struct Outage {
    std::int64_t start_ns = 0;
    std::int64_t duration_ns = 0;

    bool operator==(const Outage&) const = default;
  };
  /// Periodic: up for UP, down for DOWN, and so on, when DOWN is over 0.
  std::int64_t up_ns = 0;
  std::int64_t down_ns = 0;
  /// And once each at these times; in any order, they may overlap.
  std::vector<Outage> outages;

  bool operator==(const OutageConfig&) const = default;
};

class Outage final : public Stage {
 public:
  /// ORIGIN_NS: when the emulated link began.
  Outage(OutageConfig config, std::int64_t origin_ns)
      : config_(std::move(config)), origin_ns_(origin_ns) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "outage"; }

  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override {
    const bool down = is_down(now_ns - origin_ns_);
    for (const Packet& packet : packets)
      down ? output.drop(packet, DropReason::kOutage) : output.pass(packet);
  }

 private:
  [[nodiscard]] bool is_down(std::int64_t moment_ns) const noexcept {
    if (config_.down_ns > 0 && moment_ns >= 0 &&
        moment_ns % (config_.up_ns + config_.down_ns) >= config_.up_ns)
      return true;
    return std::any_of(config_.outages.begin(), config_.outages.end(),
                       [moment_ns](const OutageConfig::Outage& one) {
                         return moment_ns >= one.start_ns &&
                                moment_ns - one.start_ns < one.duration_ns;
                       });
  }

  OutageConfig config_;
  std::int64_t origin_ns_;
};

}  // namespace tunrelay
