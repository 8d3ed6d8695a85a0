// SPDX-License-Identifier: MIT
// The words of shell commands, with their places: as much of a shell's grammar as command lines in
// documents and scripts have. Nothing is expanded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tunrelay {

struct ShellWord {
  std::string text;  ///< without quotes
  std::size_t line = 0;
  std::size_t column = 0;  ///< in bytes, from 1
};

/// Never empty.
using ShellCommand = std::vector<ShellWord>;

/// Commands end at a line's end, at `;`, `&`, `&&`, `|` and `||`. A backslash at a line's end joins
/// the next line; "#" at a word's begin makes the rest of the line a comment; quotes that don't end
/// end with the text. A prompt before a command ("$", "#" followed by a blank at a line's begin, or
/// sudo) is left out.
[[nodiscard]] std::vector<ShellCommand> shell_commands(std::string_view text);

/// The words from FIRST on, blanks between them.
[[nodiscard]] std::string joined_words(const ShellCommand& command, std::size_t first = 0,
                                       std::size_t end = std::string::npos);

}  // namespace tunrelay
