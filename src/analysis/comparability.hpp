// SPDX-License-Identifier: MIT
// Whether a result may stand as the baseline of another: a difference between two results says
// something of the programs only when all else was the same. And whether two are runs of the same,
// on whatever machines.
#pragma once

#include <string>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// Why HEAD can't be compared with BASE: another machine, kernel or setting of it, another suite or
/// configuration, another unit of a metric. A sentence each, without a full stop; none when they
/// can be.
[[nodiscard]] std::vector<std::string> incompatibilities(const Result& base, const Result& head);

/// What else the reader should know: differences that may be the programs' own (what became of the
/// same flags), that need not matter (the machine was booted again), or that one side doesn't say;
/// and runs that were cut short. Sentences likewise.
[[nodiscard]] std::vector<std::string> differences_to_mention(const Result& base,
                                                              const Result& head);

/// What the two results are called in sentences.
struct SideNames {
  std::string base;
  std::string head;
};

/// Why ONE and OTHER are not runs of the same configuration: another suite, flags, unit of a
/// metric, or another build of the program. Their machines may be any. Sentences likewise.
[[nodiscard]] std::vector<std::string> configuration_differences(const Result& one,
                                                                 const Result& other,
                                                                 const SideNames& names);

}  // namespace tunrelay
