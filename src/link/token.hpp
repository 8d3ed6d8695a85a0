// SPDX-License-Identifier: MIT
// The tokens of a link's text, and complaints that point at one of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tunrelay {

/// A word, a quoted text or a comma, and where it stands.
struct Token {
  std::string text;       ///< without quotes
  std::size_t begin = 0;  ///< its bytes in the whole text are [begin, end)
  std::size_t end = 0;
  bool is_quoted = false;
  bool is_comma = false;
};

/// A text that is read, and what to call it in a complaint: "--a-to-b", "lte.toml:3:1".
struct LinkText {
  std::string_view text;
  std::string_view name;
};

/// Throws the usage Error that shows the text with a mark below bytes [BEGIN, END):
///   could not read --a-to-b: 'dely' is not a stage
///       dely 20ms, loss 0.1%
///       ^^^^
///     hint: ALLOWED
[[noreturn]] void refuse_text(const LinkText& text, std::size_t begin, std::size_t end,
                              const std::string& why, const std::string& allowed);

/// Tokens are separated by blanks; a comma is one of its own; "..." may hold anything, with \" and
/// \\. Throws a usage Error for quotes that don't end and for control characters.
std::vector<Token> split_tokens(const LinkText& text);

/// Stands before a stage's filter, so that a file of that name is written in quotes.
inline constexpr std::string_view kFilterKeyword = "if";

/// TEXT as one word, in quotes where it needs them.
std::string print_token(std::string_view text);

}  // namespace tunrelay
