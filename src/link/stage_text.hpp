// SPDX-License-Identifier: MIT
// The text of a direction's stages, `delay 20ms 2ms normal, loss 0.1%, rate 100mbit limit 100ms
// codel`, and back. Each stage is its name and its arguments; stages are comma-separated; a stage
// may end with `if "udp port 53"`, a tcpdump expression for the packets that it is for.
#pragma once

#include <cstddef>
#include <string>

#include "link/description.hpp"
#include "link/token.hpp"

namespace tunrelay {

/// Of one direction: each is memory and time for every packet.
inline constexpr std::size_t kMaxStages = 64;

/// What may be written, a line a stage; for help.
[[nodiscard]] std::string stage_text_help();

/// Throws a usage Error that shows the place in the text and what may stand there. Files that are
/// named are not looked at, and filters are not compiled: that is for link/stage_files.hpp and
/// link/emulated_link.hpp.
[[nodiscard]] StageList parse_stages(const LinkText& text);

/// The canonical text: defaults are left out, and parse_stages() gives STAGES again.
[[nodiscard]] std::string print_stages(const StageList& stages);

}  // namespace tunrelay
