// SPDX-License-Identifier: MIT
#include "base/toml_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <sstream>

#include "base/error.hpp"

namespace tunrelay {
namespace {

struct TomlAssertion {};

/// Where a string ends that begins at the front of TEXT, as its quotes; empty where none does.
std::string_view quotes_at(std::string_view text) {
  for (const std::string_view quotes : {R"(""")", "'''", R"(")", "'"})
    if (text.starts_with(quotes)) return quotes;
  return {};
}

/// The line of the first character beyond ASCII that stands neither in a string nor in a comment;
/// 0 where there is none. No TOML has one there, and for many of them toml++ 3.3 runs into code
/// that it has marked as unreachable (is_non_ascii_horizontal_whitespace()).
std::size_t line_of_bare_non_ascii(std::string_view text) {
  std::string_view end;  // of the string or comment that we are in
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (end.empty()) {
      if (static_cast<unsigned char>(letter) >= 0x80)
        return 1 + static_cast<std::size_t>(std::count(
                       text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
      end = letter == '#' ? "\n" : quotes_at(text.substr(at));
      if (!end.empty() && letter != '#') at += end.size() - 1;
    } else if (letter == '\\' && end[0] == '"') {
      ++at;  // an escaped quote ends nothing
    } else if (text.substr(at).starts_with(end)) {
      at += end.size() - 1;
      end = {};
    } else if (letter == '\n' && end.size() == 1) {
      end = {};  // a string that was not ended, which the parser refuses
    }
  }
  return 0;
}

/// The line of the first table whose name begins with what needs quotes; 0 where there is none.
std::size_t line_of_unquoted_table(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::size_t bracket = line.find_first_not_of(" \t");
    if (bracket == std::string::npos || line[bracket] != '[') continue;
    const std::size_t name = line.find_first_not_of("[ \t", bracket);
    const char first = name == std::string::npos ? '\0' : line[name];
    if (std::isalnum(static_cast<unsigned char>(first)) == 0 &&
        std::string_view("_-\"'").find(first) == std::string_view::npos)
      return number;
  }
  return 0;
}

}  // namespace

void toml_assertion_failed() {
  throw TomlAssertion();
}

toml::table parse_toml(std::string_view text, const std::string& name) {
  if (const std::size_t line = line_of_bare_non_ascii(text); line != 0)
    throw_usage_error("read", fmt::format("{}:{}", name, line),
                      "a character beyond ASCII stands outside of strings and comments",
                      "write a name with such letters in quotes: [\"name\"]");
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw_usage_error("read", toml_place(name, error.source()), std::string(error.description()));
  } catch (const TomlAssertion&) {
    const std::size_t line = line_of_unquoted_table(text);
    throw_usage_error("read", line == 0 ? name : fmt::format("{}:{}", name, line),
                      "a table's name begins with a character that needs quotes",
                      "write for example [\"name\"]");
  }
}

std::string toml_place(const std::string& name, const toml::source_region& region) {
  return fmt::format("{}:{}:{}", name, region.begin.line, region.begin.column);
}

}  // namespace tunrelay
