// SPDX-License-Identifier: MIT
// What may stand next on the command line, from its own description: commands, flags, the values
// that the kind of a flag's value names, stages, profiles, suites, running tunnels. The shells'
// scripts beside this file (completion/) call `tunrelay complete-line WORD...` for it. Pure but for
// the list of running tunnels.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/subcommand.hpp"

namespace tunrelay {

/// The first argument of such a call. It is not shown in help.
inline constexpr const char* kCompleteLine = "complete-line";

struct Candidate {
  std::string text{};         ///< the whole word
  std::string description{};  ///< one line; may be empty
};

struct Completions {
  std::vector<Candidate> candidates{};
  bool files = false;        ///< files may stand there too
  bool directories = false;  ///< likewise
  /// A command of its own begins with this word, counted from 0: its completion is the shell's. Or
  /// negative.
  int command_at = -1;
};

/// For the last of WORDS, which stand behind the program's name; it may be empty, and begun.
[[nodiscard]] Completions complete(const CLI::App& app, std::span<const Subcommand> subcommands,
                                   std::span<const std::string> words);

/// A line a candidate, TEXT tab DESCRIPTION; then `:files`, `:directories` or `:command N`.
[[nodiscard]] std::string completions_text(const Completions& completions);

}  // namespace tunrelay
