// SPDX-License-Identifier: MIT
#include "cli/command_arguments.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "config/config_file.hpp"

namespace tunrelay {
namespace {

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// `-qt 2s` is -q and -t: whether the last of ARGUMENT's flags has its value in the next argument;
/// nothing when COMMAND lacks one of them.
std::optional<bool> short_flags_need_argument(const CLI::App& command, std::string_view argument) {
  for (std::size_t index = 1; index < argument.size(); ++index) {
    const CLI::Option* option = command.get_option_no_throw({'-', argument[index]});
    if (option == nullptr) return std::nullopt;
    if (takes_value(*option)) return index + 1 == argument.size();
  }
  return false;
}

/// The same for any flag.
std::optional<bool> flag_needs_argument(const CLI::App& command, const std::string& argument) {
  if (!argument.starts_with("--")) return short_flags_need_argument(command, argument);
  const std::size_t equals = argument.find('=');
  const CLI::Option* option = command.get_option_no_throw(argument.substr(0, equals));
  if (option == nullptr) return std::nullopt;
  return equals == std::string::npos && takes_value(*option);
}

/// What lists all that COMMAND has.
std::string help_of(const CLI::App& command) {
  std::string name = command.get_name();
  for (const CLI::App* outer = command.get_parent(); outer != nullptr; outer = outer->get_parent())
    name = outer->get_name() + " " + name;
  return fmt::format("`{} --help` has them all", name);
}

[[noreturn]] void refuse_flag(const CLI::App& command, OtherArguments other_arguments,
                              const std::string& argument) {
  const std::string flag = argument.substr(0, argument.find('='));
  std::string hint = did_you_mean(flag, flags_of(command));
  if (other_arguments == OtherArguments::kBehindDashes) hint += "another program's go behind --; ";
  throw_usage_error("use", flag, "there is no such flag", hint + help_of(command));
}

}  // namespace

const CLI::App* find_command(const CLI::App& command, const std::string& name) {
  const auto found =
      command.get_subcommands([&name](const CLI::App* inner) { return inner->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

void refuse_command(const CLI::App& command, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* inner : command.get_subcommands({})) names.push_back(inner->get_name());
  throw_usage_error("run the command", "'" + name + "'", "there is none of that name",
                    did_you_mean(name, names) + help_of(command));
}

std::vector<std::string> check_flags(const Subcommand& subcommand,
                                     std::vector<std::string> arguments) {
  const CLI::App* command = subcommand.command;
  for (std::size_t index = 1; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    if (argument == "--") break;
    if (argument.size() > 1 && argument.front() == '-') {
      const std::optional<bool> needs_argument = flag_needs_argument(*command, argument);
      if (!needs_argument) refuse_flag(*command, subcommand.other_arguments, argument);
      if (*needs_argument) ++index;
    } else if (subcommand.other_arguments == OtherArguments::kCommand) {
      arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(index), "--");
      break;
    } else if (const CLI::App* inner = find_command(*command, argument)) {
      command = inner;
    } else if (!command->get_subcommands({}).empty()) {
      refuse_command(*command, argument);
    }
  }
  return arguments;
}

}  // namespace tunrelay
