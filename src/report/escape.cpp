// SPDX-License-Identifier: MIT
#include "report/escape.hpp"

#include <algorithm>
#include <cctype>

namespace tunrelay {
namespace {

/// Replaces each character of TEXT for which TO_TEXT gives more than nothing.
template <typename ToText>
std::string replaced(std::string_view text, ToText to_text) {
  std::string result;
  result.reserve(text.size());
  for (const char character : text) {
    const std::string_view other = to_text(character);
    if (other.empty())
      result += character;
    else
      result += other;
  }
  return result;
}

}  // namespace

std::string escape_markup(std::string_view text) {
  return replaced(clean_text(text), [](char character) -> std::string_view {
    switch (character) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      case '\n':  // a bare one in an attribute would be read as a blank
        return "&#10;";
      case '\r':
        return "&#13;";
      case '\t':
        return "&#9;";
      default:
        return {};
    }
  });
}

std::string escape_markdown(std::string_view text) {
  const std::string line = clean_line(text);
  const auto is_word = [&line](std::size_t at) {
    return at < line.size() && std::isalnum(static_cast<unsigned char>(line[at])) != 0;
  };
  std::string escaped;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char character = line[at];
    if (character == '&') {
      escaped += "&amp;";
    } else if (character == '<') {
      escaped += "&lt;";
    } else {
      // An underscore within a word is not emphasis.
      const bool within_word = character == '_' && at != 0 && is_word(at - 1) && is_word(at + 1);
      if (std::string_view("\\`*_[]|#~>").find(character) != std::string_view::npos && !within_word)
        escaped += '\\';
      escaped += character;
    }
  }
  return escaped;
}

std::string escape_csv(std::string_view text) {
  std::string line = clean_line(text);
  if (line.find_first_of(",\"") == std::string::npos) return line;
  return '"' +
         replaced(
             line,
             [](char character) -> std::string_view { return character == '"' ? "\"\"" : ""; }) +
         '"';
}

std::string escape_label(std::string_view text) {
  return replaced(clean_text(text), [](char character) -> std::string_view {
    switch (character) {
      case '\\':
        return "\\\\";
      case '"':
        return "\\\"";
      case '\n':
        return "\\n";
      default:
        return {};
    }
  });
}

std::string escape_script_json(std::string_view json) {
  return replaced(json, [](char character) -> std::string_view {
    switch (character) {
      case '<':
        return "\\u003c";
      case '>':
        return "\\u003e";
      case '&':
        return "\\u0026";
      default:
        return {};
    }
  });
}

}  // namespace tunrelay
