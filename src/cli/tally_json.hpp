// The three quantities of a Tally, as every JSON form of a tunnel has them.
#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

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

}  // namespace tunrelay
