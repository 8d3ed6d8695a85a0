// SPDX-License-Identifier: MIT
// A tunnel whose link changes while it runs: by a request, or by a scenario.
#include <malloc.h>

#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

std::array<bool, kDirections> Tunnel::change_link(LinkDescription description) {
  const auto in_place = use_link(std::move(description), {});
  scenario_.end();
  return in_place;
}

std::array<bool, kDirections> Tunnel::use_link(LinkDescription description,
                                               const LinkChange& change) {
  const auto in_place = stages_.change_link(std::move(description), *relay_, change);
  link_changed_ns_ = monotonic_ns() - ready_ns_;
  record_.change_link(stages_.emulated_link());
  if (in_place[0] && in_place[1]) return in_place;
  report_.link_set_ns = link_changed_ns_;
  // What the former link had in many pieces, more than a hundred MiB of queues at worst, is not to
  // stay with us.
  ::malloc_trim(0);
  return in_place;
}

LinkDescription Tunnel::link_to_change() const {
  return scenario_.plays() ? scenario_.player().link_at_stop() : link();
}

void Tunnel::begin_scenario() {
  scenario_.begin(ready_ns_, stages_.packets_taken(), ready_ns_);
}

std::array<bool, kDirections> Tunnel::play_scenario(std::shared_ptr<const Scenario> scenario,
                                                    std::optional<std::uint64_t> seed) {
  scenario->check(link_type_of(options_.type));
  LinkDescription base = scenario_.plays() ? scenario_.player().bare_link() : link();
  base.seed = seed;
  base = seeded_for(*scenario, std::move(base));
  const std::string name = scenario->name;
  auto player = std::make_unique<ScenarioPlayer>(std::move(scenario), std::move(base));
  const auto in_place = use_link(player->link(), {});
  scenario_.play(std::move(player), name);
  scenario_.begin(monotonic_ns(), stages_.packets_taken(), ready_ns_);
  record_.note("scenario", "The scenario " + name + " has begun.");
  return in_place;
}

std::array<bool, kDirections> Tunnel::stop_scenario() {
  if (!scenario_.plays())
    throw_usage_error("stop", "a scenario", "none plays", "start one: tunrelay link scenario NAME");
  const auto in_place = use_link(link_to_change(), {scenario_.changes() + 1, true});
  scenario_.end();
  record_.note("scenario", "The scenario was stopped.");
  return in_place;
}

void Tunnel::follow_scenario(std::vector<TunnelEvent>& events) {
  if (!scenario_.plays()) return;
  const std::int64_t now_ns = monotonic_ns();
  const std::uint64_t taken = scenario_.waits_for_traffic() ? stages_.packets_taken() : 0;
  const auto next = scenario_.due(now_ns, taken);
  if (!next) return;
  try {
    const LinkDescription former = link();
    const auto in_place = use_link(*next, {scenario_.changes() + 1, true});
    scenario_.note_change(in_place[0] && in_place[1]);
    record_.note("scenario", change_text(former, *next, in_place));
  } catch (const Error& error) {
    // The link is as it was; packets that a former one still queues may be in the way.
    scenario_.note_failure(now_ns);
    events.push_back(
        {TunnelEvent::Kind::kNote, std::string("The scenario's change is late: ") + error.what()});
  }
}

}  // namespace tunrelay
