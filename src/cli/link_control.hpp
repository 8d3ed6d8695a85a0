// SPDX-License-Identifier: MIT
// `tunrelay link show|set|clear`: the emulated link of a relay that runs.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace tunrelay {

/// Adds the three to LINK. What is returned runs the one that was chosen, and gives the exit code.
std::function<int()> add_link_control_commands(CLI::App& link);

}  // namespace tunrelay
