// SPDX-License-Identifier: MIT
// What packets meet between the devices: the trace, the user's own stages, the emulated link.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "stage/burn.hpp"
#include "stage/trace.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

void Tunnel::load_stages() {
  user_stages_ = std::make_unique<UserStages>(options_.stages);
  const std::string single = user_stages_->wants_one_queue();
  if (single.empty()) return;
  if (options_.queues.value_or(1) != 1)
    throw_usage_error("use", fmt::format("{} queues with the stage {}", *options_.queues, single),
                      "it is one pair of endpoints for the whole link", "leave --queues out");
  options_.queues = 1;
}

std::unique_ptr<EmulatedLink> Tunnel::make_link(LinkDescription description) const {
  return std::make_unique<EmulatedLink>(
      std::move(description),
      EmulatedLink::Site{.link_type = link_type_of(options_.type), .origin_ns = monotonic_ns()});
}

StageSpecs Tunnel::stage_specs(const EmulatedLink& link) {
  StageSpecs specs;
  std::array<UserStageSpecs, kDirections> user_stages = user_stages_->make();
  for (std::size_t direction = 0; direction < specs.size(); ++direction) {
    auto& stages = specs.at(direction);
    const auto add = [&stages](std::vector<StageSpec> more) {
      std::move(more.begin(), more.end(), std::back_inserter(stages));
    };
    // The trace shows what was read, before the link does anything to it.
    if (trace_)
      add({{StageScope::kLane, [this, direction](std::size_t queue) {
              return std::make_unique<Trace>(*trace_, static_cast<std::uint8_t>(direction),
                                             static_cast<std::uint16_t>(queue));
            }}});
    add(std::move(user_stages.at(direction).before_link));
    add(link.stages(direction));
    add(std::move(user_stages.at(direction).after_link));
  }
  // In one direction, since it counts the time of the worker's thread, which serves both.
  if (options_.burn_ratio > 0)
    specs[0].push_back({StageScope::kLane, [this](std::size_t /*queue*/) {
                          return std::make_unique<Burn>(options_.burn_ratio);
                        }});
  return specs;
}

void Tunnel::change_link(LinkDescription description) {
  auto link = make_link(std::move(description));
  link->begin();
  relay_->change_stages(stage_specs(*link));
  link_ = std::move(link);
  report_.link_set_ns = monotonic_ns() - ready_ns_;
  // What the former link had in many pieces, more than a hundred MiB of queues at worst, is not to
  // stay with us.
  ::malloc_trim(0);
}

}  // namespace tunrelay
