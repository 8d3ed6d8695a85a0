// SPDX-License-Identifier: MIT
#include "scenario/scenario.hpp"

#include "base/error.hpp"
#include "link/emulated_link.hpp"

namespace tunrelay {

void LinkAction::append(const LinkAction& later) {
  for (std::size_t direction = 0; direction < lists.size(); ++direction)
    if (later.lists.at(direction)) lists.at(direction) = later.lists.at(direction);
  settings.insert(settings.end(), later.settings.begin(), later.settings.end());
  outages += later.outages;
}

void Scenario::check(LinkType link_type) const {
  for (const auto& [place, stages] : lists) try {
      const EmulatedLink made({{*stages, {}}, 1}, {.link_type = link_type});
    } catch (const Error& error) {
      throw_usage_error("read", place, error.parts().object + ": " + error.parts().cause,
                        error.parts().hint);
    }
}

LinkDescription seeded_for(const Scenario& scenario, LinkDescription link) {
  if (!link.seed) link.seed = scenario.seed ? *scenario.seed : draw_link_seed();
  return link;
}

}  // namespace tunrelay
