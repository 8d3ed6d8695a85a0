// The words behind a verb: which of them are its flags, and where those of another program begin.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace tunrelay {

/// COMMAND's sub-command NAME, or null.
[[nodiscard]] const CLI::App* find_command(const CLI::App& command, const std::string& name);

/// Throws the usage Error for COMMAND's missing sub-command NAME.
[[noreturn]] void refuse_command(const CLI::App& command, const std::string& name);

/// WORDS of the command line, of which the first names VERB. Throws a usage Error that names the
/// first flag that the verb does not have, and the one that was likely meant. Where the verb runs a
/// command, "--" is put before it: it begins with the first word that is neither a flag nor a
/// flag's value, as for env(1), and what follows is its own.
[[nodiscard]] std::vector<std::string> check_flags(const Verb& verb,
                                                   std::vector<std::string> words);

}  // namespace tunrelay
