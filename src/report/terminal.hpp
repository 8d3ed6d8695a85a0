// SPDX-License-Identifier: MIT
// A result, or a comparison, as `tunrelay bench` and `tunrelay compare` print it. Pure
// functions, for any thread.
#pragma once

#include <cstddef>
#include <string>

#include "report/comparison.hpp"
#include "result/result.hpp"

namespace tunrelay {

/// How the terminal is; the default is for files and pipes.
struct TerminalStyle {
  std::size_t columns = 0;  ///< tables leave out what matters less to fit; 0: no bound
  bool colour = false;      ///< of verdicts
};

/// Lines of plain text: a heading, tables with aligned columns, notes. Control characters of names
/// and titles don't reach the terminal.
[[nodiscard]] std::string terminal_text(const Result& result, const TerminalStyle& style = {});
/// What is better, worse or the same stands in the table alone; below it, why the rest was not
/// decided: a line for all metrics with the same reason.
[[nodiscard]] std::string terminal_text(const ComparisonReport& comparison,
                                        const TerminalStyle& style = {});

}  // namespace tunrelay
