// SPDX-License-Identifier: MIT
#include "config/flag_group.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tunrelay {

CLI::Option* FlagGroup::choice(const char* names, std::string& target,
                               const std::vector<std::string>& choices, const std::string& help) {
  // The check's own description would stand in the help.
  return value(names, target, fmt::format("{}", fmt::join(choices, "|")).c_str(), help)
      ->check(CLI::IsMember(choices).description(""))
      ->capture_default_str();
}

}  // namespace tunrelay
