// SPDX-License-Identifier: MIT
// A stage for some packets only: those that a filter matches, and none before the link is in use.
// What it is not for passes it by. The relay's own path probes always do: they prove that the path
// is whole, which a lossy link is too.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "base/path_nonce.hpp"
#include "stage/packet_filter.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

class Selective final : public Stage {
 public:
  /// IN_USE: set, by any thread, once packets count.
  Selective(std::unique_ptr<Stage> stage, std::shared_ptr<const std::atomic<bool>> in_use,
            std::optional<PacketFilter> filter)
      : stage_(std::move(stage)), in_use_(std::move(in_use)), filter_(std::move(filter)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return stage_->name(); }

  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override {
    const bool in_use = in_use_->load(std::memory_order_relaxed);
    // Neighbours that the stage is for go to it together, and the order stays.
    std::size_t first = 0;
    for (std::size_t at = 0; at < packets.size(); ++at) {
      if (in_use && is_for(packets[at])) continue;
      if (first != at) stage_->process(packets.subspan(first, at - first), now_ns, output);
      output.pass(packets[at]);
      first = at + 1;
    }
    if (first != packets.size()) stage_->process(packets.subspan(first), now_ns, output);
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return stage_->next_deadline_ns();
  }
  [[nodiscard]] std::int64_t latest_release_ns() const noexcept override {
    return stage_->latest_release_ns();
  }
  void release(std::int64_t now_ns, StageOutput& output) noexcept override {
    stage_->release(now_ns, output);
  }
  [[nodiscard]] Tally queued() const noexcept override { return stage_->queued(); }
  /// Packets that the former filter has let in stay.
  void take_over(Stage& former, std::int64_t now_ns) noexcept override {
    stage_->take_over(*same_stage<Selective>(former).stage_, now_ns);
  }

 private:
  [[nodiscard]] bool is_for(const Packet& packet) noexcept {
    if (is_path_probe(packet.payload())) return false;
    return !filter_ || filter_->matches(packet);
  }

  std::unique_ptr<Stage> stage_;
  std::shared_ptr<const std::atomic<bool>> in_use_;
  std::optional<PacketFilter> filter_;
};

}  // namespace tunrelay
