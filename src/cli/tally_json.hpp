// The three quantities of a Tally, as every JSON form of a tunnel has them.
#pragma once

#include <nlohmann/json.hpp>

#include "base/tally.hpp"

namespace tunrelay {

[[nodiscard]] inline nlohmann::ordered_json tally_json(const Tally& tally) {
  return {{"packets", tally.packets}, {"segments", tally.segments}, {"bytes", tally.bytes}};
}

}  // namespace tunrelay
