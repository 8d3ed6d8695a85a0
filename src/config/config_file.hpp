// SPDX-License-Identifier: MIT
// `--config FILE.toml`: every key of the file stands for the flag of the same name, read
// before the command line, so that a flag given there wins.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tunrelay {

/// One entry of a configuration file as a command line argument.
struct ConfigEntry {
  std::string flag;      ///< "--queues"
  std::string argument;  ///< "--queues=2"
  std::string place;     ///< "file.toml:3:1"
};

/// `queues = 2` -> "--queues=2"; true -> "--key"; an array is joined by commas; a table's name
/// and a dash stand before its keys: `[address] a = "..."` -> "--address-a=...".
/// Throws a usage Error with file and line.
std::vector<ConfigEntry> read_config_file(const std::string& file);

/// Every long flag of COMMAND: "--queues".
[[nodiscard]] std::vector<std::string> flags_of(const CLI::App& command);

/// ARGUMENTS of the command line, of which the first COMMAND_NAMES name the command, with those of
/// each
/// `--config FILE` right behind the command. Throws a usage Error with file and line for an entry
/// that is none of FLAGS ("--queues"), with the nearest one that is.
std::vector<std::string> expand_config_files(std::vector<std::string> arguments,
                                             std::size_t command_names,
                                             const std::vector<std::string>& flags);

}  // namespace tunrelay
