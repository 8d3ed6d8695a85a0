// SPDX-License-Identifier: MIT
#include "route/apply/janitor_arguments.hpp"

#include <cstdlib>

namespace tunrelay {
namespace {

constexpr const char* kCommand = "janitor";

}  // namespace

std::vector<std::string> janitor_arguments(const JanitorDuty& duty) {
  const ProcessNamespaces left = duty.left_namespaces.value_or(ProcessNamespaces{});
  return {kCommand,         duty.journal_directory,       duty.instance,
          duty.socket_path, std::to_string(left.network), std::to_string(left.user)};
}

std::optional<JanitorDuty> duty_in(const std::vector<std::string>& arguments) {
  if (arguments.size() != janitor_arguments({}).size() || arguments[0] != kCommand)
    return std::nullopt;
  JanitorDuty duty{
      .journal_directory = arguments[1], .instance = arguments[2], .socket_path = arguments[3]};
  const ProcessNamespaces left{.network = std::strtoull(arguments[4].c_str(), nullptr, 10),
                               .user = std::strtoull(arguments[5].c_str(), nullptr, 10)};
  if (left.network != 0) duty.left_namespaces = left;
  return duty;
}

}  // namespace tunrelay
