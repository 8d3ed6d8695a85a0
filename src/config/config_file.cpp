// SPDX-License-Identifier: MIT
#include "config/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/toml_text.hpp"
#include "os/input_file.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20U;

/// The text of one value that is neither table nor array.
std::string scalar_text(const toml::node& node, const std::string& file) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  throw_usage_error("read", toml_place(file, node.source()),
                    "a value is a text, a number, true, false, or an array of those");
}

void add_entries(const toml::table& table, const std::string& prefix, const std::string& file,
                 std::vector<ConfigEntry>& arguments) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const std::string flag = "--" + name;
    const auto add = [&, &place = key](const std::string& argument) {
      arguments.push_back({flag, argument, toml_place(file, place.source())});
    };
    if (const auto* inner = node.as_table()) {
      add_entries(*inner, name + "-", file, arguments);
    } else if (const auto* truth = node.as_boolean()) {
      if (truth->get()) add(flag);
    } else if (const auto* array = node.as_array()) {
      std::vector<std::string> texts;
      for (const toml::node& element : *array) texts.push_back(scalar_text(element, file));
      add(fmt::format("{}={}", flag, fmt::join(texts, ",")));
    } else {
      add(flag + "=" + scalar_text(node, file));
    }
  }
}

}  // namespace

std::vector<ConfigEntry> read_config_file(const std::string& file) {
  std::vector<ConfigEntry> arguments;
  const std::string text = read_whole_file(file, "read", kMaxConfigBytes);
  add_entries(parse_toml(text, file), "", file, arguments);
  return arguments;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

std::vector<std::string> expand_config_files(std::vector<std::string> arguments,
                                             std::size_t command_names,
                                             const std::vector<std::string>& flags) {
  constexpr std::string_view kFlag = "--config";
  std::vector<std::string> from_files;
  // Arguments after "--" belong to the command that `exec` runs.
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  for (auto argument = arguments.begin(); argument != end; ++argument) {
    std::string file;
    if (*argument == kFlag && argument + 1 != end) file = *(argument + 1);
    if (argument->starts_with(fmt::format("{}=", kFlag))) file = argument->substr(kFlag.size() + 1);
    if (file.empty()) continue;
    for (const ConfigEntry& entry : read_config_file(file)) {
      if (std::find(flags.begin(), flags.end(), entry.flag) == flags.end())
        throw_usage_error("read", entry.place, "there is no flag " + entry.flag,
                          did_you_mean(entry.flag, flags) +
                              "the keys are the command's flags without the dashes; see --help");
      from_files.push_back(entry.argument);
    }
  }
  arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(command_names),
                   from_files.begin(), from_files.end());
  return arguments;
}

}  // namespace tunrelay
