// SPDX-License-Identifier: MIT
// Names come from anywhere (a device, a file, a stage of the user's, a client) and hold any bytes
// but a few: made harmless, so that they neither break a form nor drive a terminal. What is no
// UTF-8 becomes U+FFFD, and so do control characters. Pure functions, for any thread.
#pragma once

#include <string>
#include <string_view>

namespace tunrelay {

/// Well-formed UTF-8 (RFC 3629: no overlong form, no surrogate), without control characters but
/// line breaks and tabs.
[[nodiscard]] std::string clean_text(std::string_view text);
/// The same on one line: line breaks and tabs become blanks.
[[nodiscard]] std::string clean_line(std::string_view text);
/// The same for a terminal's lines: a carriage return, which writes over a line, becomes a blank.
[[nodiscard]] std::string clean_lines(std::string_view text);

}  // namespace tunrelay
