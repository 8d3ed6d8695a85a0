// SPDX-License-Identifier: MIT
// Whether standard output is a terminal, and what it can show.
#pragma once

#include "report/terminal.hpp"

namespace tunrelay {

/// Its width, and colours unless NO_COLOR (no-color.org) or a dumb terminal forbids them; nothing
/// of both for a file or a pipe.
[[nodiscard]] TerminalStyle standard_output_style();

}  // namespace tunrelay
