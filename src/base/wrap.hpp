// SPDX-License-Identifier: MIT
// Text for people in lines that fit their terminal. What programs read is never broken.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tunrelay {

/// How many columns of a terminal LINE takes: its code points. (Of CJK that is too few.)
[[nodiscard]] std::size_t width_of(std::string_view line);

/// TEXT with its lines broken at blanks, so that each fits into COLUMNS (0: as they are) where its
/// words do. What follows stands below the line's last column, where two blanks or more part it
/// from those before and it begins in the left half, else two blanks to the right. A line with
/// carets below it (a place in the user's own text) stays whole.
[[nodiscard]] std::string wrap_lines(std::string_view text, std::size_t columns);

}  // namespace tunrelay
