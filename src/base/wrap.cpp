// SPDX-License-Identifier: MIT
#include "base/wrap.hpp"

#include <algorithm>

namespace tunrelay {
namespace {

bool begins_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80;
}

/// Where the lines behind the first begin: below its last column that begins in its left half. A
/// line that stands far to the right, as the help of a flag does, goes on below itself.
std::size_t hanging_of(std::string_view line, std::size_t columns) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  std::size_t column = indent;
  for (std::size_t at = indent; (at = line.find("  ", at)) < columns / 2;) {
    at = line.find_first_not_of(' ', at);
    if (at > columns / 2) break;
    column = at;
  }
  if (column != indent) return column;
  return indent > columns / 4 ? indent : indent + 2;
}

/// The last blank of LINE at which what stands before it fits into COLUMNS; else the first one
/// that has words on both sides; npos when there is none.
std::size_t break_of(std::string_view line, std::size_t columns) {
  std::size_t found = std::string_view::npos;
  std::size_t width = 0;
  const std::size_t last_word = line.find_last_not_of(' ');
  for (std::size_t at = line.find_first_not_of(' '); at < last_word; ++at) {
    if (line[at] != ' ' || line[at - 1] == ' ') continue;
    width = width_of(line.substr(0, at));
    if (width > columns && found != std::string_view::npos) break;
    found = at;
    if (width > columns) break;
  }
  return found;
}

std::string wrap_line(std::string_view line, std::size_t columns) {
  const std::string hanging(hanging_of(line, columns), ' ');
  std::string text;
  std::string rest(line);
  while (width_of(rest) > columns) {
    const std::size_t end = break_of(rest, columns);
    if (end == std::string::npos) break;
    text += rest.substr(0, end) + "\n";
    rest = hanging + rest.substr(rest.find_first_not_of(' ', end));
  }
  return text + rest;
}

bool is_pointer(std::string_view line) {
  return line.find('^') != std::string_view::npos &&
         line.find_first_not_of(" ^") == std::string_view::npos;
}

}  // namespace

std::size_t width_of(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), begins_a_character));
}

std::string wrap_lines(std::string_view text, std::size_t columns) {
  if (columns == 0) return std::string(text);
  std::string wrapped;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const bool is_last = text.empty();
    if (!is_last) text.remove_prefix(1);
    const bool stays = is_pointer(line) || is_pointer(text.substr(0, text.find('\n')));
    wrapped += stays ? std::string(line) : wrap_line(line, columns);
    if (!is_last) wrapped += '\n';
  }
  return wrapped;
}

}  // namespace tunrelay
