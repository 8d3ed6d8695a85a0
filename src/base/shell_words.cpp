// SPDX-License-Identifier: MIT
#include "base/shell_words.hpp"

#include <string_view>

namespace tunrelay {
namespace {

constexpr std::string_view kUnquoted =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

std::string quote_word(std::string_view word) {
  if (!word.empty() && word.find_first_not_of(kUnquoted) == std::string_view::npos)
    return std::string(word);
  std::string text = "'";
  for (const char letter : word) {
    if (letter == '\'')
      text += "'\\''";
    else
      text += letter;
  }
  return text + "'";
}

}  // namespace

std::string shell_words(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += quote_word(word);
  }
  return text;
}

}  // namespace tunrelay
