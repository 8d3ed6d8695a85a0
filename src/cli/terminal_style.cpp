// SPDX-License-Identifier: MIT
#include "cli/terminal_style.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "os/print.hpp"

namespace tunrelay {
namespace {

std::string_view environment_word(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes it
  return value == nullptr ? std::string_view() : value;
}

}  // namespace

TerminalStyle standard_output_style() {
  TerminalStyle style;
  if (::isatty(STDOUT_FILENO) != 1) return style;
  style.columns = text_columns(STDOUT_FILENO);
  style.colour = environment_word("NO_COLOR").empty() && environment_word("TERM") != "dumb";
  return style;
}

}  // namespace tunrelay
