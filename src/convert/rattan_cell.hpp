// SPDX-License-Identifier: MIT
// One cell of a Rattan configuration as stages.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/toml_text.hpp"

namespace tunrelay {

/// Gets what stands in the cell, and why it is left out.
using LeaveOutOfCell = std::function<void(const std::string&, const std::string&)>;

/// As link/stage_text.hpp has them; none for a cell that does nothing to packets.
[[nodiscard]] std::vector<std::string> rattan_cell_stages(const toml::table& cell,
                                                          const LeaveOutOfCell& leave_out);

}  // namespace tunrelay
