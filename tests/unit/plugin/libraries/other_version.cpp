// SPDX-License-Identifier: MIT
// A stage that was built for another version of the boundary.
#include <tunrelay/stage.hpp>

// NOLINTNEXTLINE(readability-identifier-naming): the name is the ABI's
extern "C" const tunrelay_stage_descriptor tunrelay_stage;
// NOLINTNEXTLINE(readability-identifier-naming)
const tunrelay_stage_descriptor tunrelay_stage = [] {
  auto descriptor = tunrelay::plugin::describe<tunrelay::plugin::Endpoint>(
      "from the future", tunrelay::plugin::Access::kLooksAtSuperPackets,
      tunrelay::plugin::Pairs::kEachQueue);
  descriptor.abi_version = 99;
  return descriptor;
}();
