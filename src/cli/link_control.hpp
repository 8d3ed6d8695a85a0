// SPDX-License-Identifier: MIT
// `tunrelay link show|set|scenario|clear`: the emulated link of a relay that runs; and `fit`.
#pragma once

#include <functional>
#include <optional>

#include "link/description.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

/// Who looks at LINK later may be in another folder: its files get absolute names.
void name_files_from_root(LinkDescription& link);

/// Adds the four to LINK. What is returned runs the one that was chosen, and gives the exit code.
std::function<int()> add_link_control_commands(CLI::App& link);

/// Adds `fit` to LINK. What is returned runs it where it was chosen; else there is no exit code.
std::function<std::optional<int>()> add_link_fit_command(CLI::App& link);

}  // namespace tunrelay
