// SPDX-License-Identifier: MIT
// Bars of characters: a small chart for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tunrelay {

/// ROWS lines of one column a value, the top one first; CEILING is a full column. Above what a
/// column's value fills, up to LIMITS (as many, in the same unit; negative: none), stands a dot.
/// HAS_UNICODE: eighths of a block, else ASCII.
[[nodiscard]] std::vector<std::string> bar_chart(const std::vector<double>& values,
                                                 const std::vector<double>& limits, double ceiling,
                                                 std::size_t rows, bool has_unicode);

}  // namespace tunrelay
