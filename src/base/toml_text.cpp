// SPDX-License-Identifier: MIT
#include "base/toml_text.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstddef>
#include <sstream>

#include "base/error.hpp"

namespace tunrelay {
namespace {

struct TomlAssertion {};

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
