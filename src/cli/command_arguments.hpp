// SPDX-License-Identifier: MIT
// The arguments of a command: which of them are its flags, and where those of another program
// begin.
#pragma once

#include <string>
#include <vector>

#include "cli/subcommand.hpp"

namespace tunrelay {

/// COMMAND's sub-command NAME, or null.
[[nodiscard]] const CLI::App* find_command(const CLI::App& command, const std::string& name);

/// Throws the usage Error for COMMAND's missing sub-command NAME.
[[noreturn]] void refuse_command(const CLI::App& command, const std::string& name);

/// ARGUMENTS of the command line, of which the first names COMMAND. Throws a usage Error that names
/// the first flag that the command does not have, and the one that was likely meant. Where the
/// command runs a command, "--" is put before it: it begins with the first argument that is neither
/// a flag nor a flag's value, as for env(1), and what follows is its own.
[[nodiscard]] std::vector<std::string> check_flags(const Subcommand& subcommand,
                                                   std::vector<std::string> arguments);

}  // namespace tunrelay
