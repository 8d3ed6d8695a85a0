// A result, or a comparison, as `tunrelay bench` and `tunrelay compare` print it. Pure
// functions, for any thread.
#pragma once

#include <string>

#include "measure/result.hpp"
#include "report/comparison.hpp"

namespace tunrelay {

/// Lines of plain text: a heading, tables with aligned columns, notes. Control characters of names
/// and titles don't reach the terminal.
[[nodiscard]] std::string terminal_text(const Result& result);
[[nodiscard]] std::string terminal_text(const ComparisonReport& comparison);

}  // namespace tunrelay
