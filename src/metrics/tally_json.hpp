// SPDX-License-Identifier: MIT
// The three quantities of a Tally, as every JSON form of a tunnel has them.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "base/drop_reason.hpp"
#include "base/tally.hpp"

namespace tunrelay {

[[nodiscard]] inline nlohmann::ordered_json tally_json(const Tally& tally) {
  return {{"packets", tally.packets}, {"segments", tally.segments}, {"bytes", tally.bytes}};
}

/// The same for what is added less what is taken away, which may be below zero.
[[nodiscard]] inline nlohmann::ordered_json net_tally_json(const Tally& tally) {
  return {{"packets", static_cast<std::int64_t>(tally.packets)},
          {"segments", static_cast<std::int64_t>(tally.segments)},
          {"bytes", static_cast<std::int64_t>(tally.bytes)}};
}

/// Those that are not 0, by the reason's name.
[[nodiscard]] inline nlohmann::ordered_json drops_json(
    const std::array<Tally, kDropReasons>& dropped) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    if (dropped.at(reason).segments != 0)
      json[std::string(to_string(static_cast<DropReason>(reason)))] =
          tally_json(dropped.at(reason));
  return json;
}

}  // namespace tunrelay
