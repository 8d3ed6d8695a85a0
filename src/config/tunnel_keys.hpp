// SPDX-License-Identifier: MIT
// A tunnel's flags from KEY=VALUE pairs, for a program that has no command line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/tunnel_flags.hpp"

namespace tunrelay {

/// Each KEY stands for the flag --KEY of `run`; a flag without a value has "true". `config` names
/// a file whose entries stand before all PAIRS: the last of the same key wins, but for `stage`,
/// which may be given several times. DEFAULTS is what nobody speaks of. Throws a usage Error that
/// names the key.
TunnelFlags read_tunnel_keys(const std::vector<std::pair<std::string, std::string>>& pairs,
                             TunnelFlags defaults = {});

}  // namespace tunrelay
