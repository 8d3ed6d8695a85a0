// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "link/link_change.hpp"
#include "stage/burn.hpp"
#include "stage/trace.hpp"

namespace tunrelay {
namespace {

MahimahiLog::Links links_of(const EmulatedLink& link) {
  MahimahiLog::Links links;
  auto paces = link.paces();
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    links.at(direction) = {std::move(paces.at(direction).text),
                           std::move(paces.at(direction).pace)};
  return links;
}

}  // namespace

TunnelStages::TunnelStages(const TunnelOptions& options)
    : options_(options), link_(std::make_unique<EmulatedLink>(options.link, site(0))) {}

void TunnelStages::load() {
  user_stages_ = std::make_unique<UserStages>(options_.stages);
  const std::string single = user_stages_->wants_one_queue();
  if (!single.empty() && options_.queues.value_or(1) != 1)
    throw_usage_error("use", fmt::format("{} queues with the stage {}", *options_.queues, single),
                      "it is one pair of endpoints for the whole link", "leave --queues out");
  if (!options_.mahimahi_log.empty())
    log_ = std::make_unique<MahimahiLog>(options_.mahimahi_log, options_.application,
                                         rights_beside(options_));
}

StageSpecs TunnelStages::make(std::size_t queues, std::uint32_t mtu_bytes) {
  const LinkType link_type = link_type_of(options_.type);
  if (options_.trace)
    trace_ = std::make_unique<TraceLog>(
        TraceLog::Names{{options_.a.device, options_.b.device}, link_type}, options_.trace_file,
        rights_beside(options_));
  user_stages_->stand_at(link_type, queues, mtu_bytes);
  return specs(*link_, {});
}

void TunnelStages::begin() noexcept {
  begun_ns_ = monotonic_ns();
  link_->begin();
  user_stages_->begin();
  if (trace_) trace_->begin();
}

void TunnelStages::begin_log() {
  if (log_) log_->begin(links_of(*link_), begun_ns_);
}

void TunnelStages::end_log() noexcept {
  if (log_) log_->finish();
}

void TunnelStages::end_trace(TunnelReport& report) noexcept {
  if (!trace_) return;
  trace_->finish();
  report.trace_lost = trace_->lost();
}

std::string TunnelStages::log_failure() {
  if (!log_ || has_told_failure_ || !log_->has_failed()) return "";
  has_told_failure_ = true;
  return log_->report().failure;
}

void TunnelStages::wake_workers_of(const Relay* relay) {
  EndpointWaker::Wake wake;
  if (relay != nullptr) wake = [relay](std::size_t queue) { relay->wake(queue); };
  user_stages_->change_waker(std::move(wake));
}

std::array<bool, kDirections> TunnelStages::change_link(LinkDescription description, Relay& relay,
                                                        const LinkChange& change) {
  std::array<bool, kDirections> in_place = directions_in_place(link_->description(), description);
  // Endpoints of a user's stand in both directions' chains.
  if (!options_.stages.empty() && in_place[0] != in_place[1]) in_place = {};
  auto link = std::make_unique<EmulatedLink>(
      std::move(description), site(change.number),
      EmulatedLink::Succession{*link_, in_place, change.leaves_same});
  link->begin();
  relay.change_stages(specs(*link, in_place), in_place);
  link_ = std::move(link);
  if (log_) log_->change_links(links_of(*link_));
  return in_place;
}

std::uint64_t TunnelStages::packets_taken() const {
  std::uint64_t taken = 0;
  for (const auto& stages : link_->parts())
    for (const LinkStage& stage : stages)
      for (const auto& counters : stage.counters) taken += counters->taken.get().packets;
  return taken;
}

void TunnelStages::fill_in(TunnelReport& report) const {
  report.link = link_->report();
  report.user_stages = user_stages_->reports();
  report.trace_lost = trace_ ? trace_->lost() : 0;
  if (log_) report.mahimahi_log = log_->report();
}

EmulatedLink::Site TunnelStages::site(std::uint64_t change) const {
  return {.link_type = link_type_of(options_.type),
          .origin_ns = monotonic_ns(),
          .change = change,
          .make_tap = [this](std::size_t direction) -> std::shared_ptr<StageTap> {
            return log_ ? log_->make_tap(direction) : nullptr;
          }};
}

StageSpecs TunnelStages::specs(const EmulatedLink& link,
                               const std::array<bool, kDirections>& in_place) {
  StageSpecs specs;
  const bool all_in_place = in_place[0] && in_place[1];
  // Making them makes endpoints, which would take the places of running ones.
  std::array<UserStageSpecs, kDirections> user_stages;
  if (!all_in_place) user_stages = user_stages_->make();
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
    if (all_in_place) add(std::vector<StageSpec>(options_.stages.size()));
    const std::size_t first_of_link = stages.size();
    add(link.stages(direction));
    const std::size_t end_of_link = stages.size();
    add(std::move(user_stages.at(direction).after_link));
    if (all_in_place) add(std::vector<StageSpec>(options_.stages.size()));
    // In one direction, since it counts the time of the worker's thread, which serves both.
    if (options_.burn_ratio > 0 && direction == 0)
      add({{StageScope::kLane, [this](std::size_t /*queue*/) {
              return std::make_unique<Burn>(options_.burn_ratio);
            }}});
    for (std::size_t at = 0; in_place.at(direction) && at < stages.size(); ++at)
      if (at < first_of_link || at >= end_of_link) stages[at].make = nullptr;
  }
  return specs;
}

}  // namespace tunrelay
