// SPDX-License-Identifier: MIT
// The comparison with a baseline as a section of the page.
#pragma once

#include <string>

#include "report/comparison.hpp"

namespace tunrelay {

/// A table whose rows have the interval of each change drawn to one scale.
[[nodiscard]] std::string html_comparison(const ComparisonReport& comparison);

}  // namespace tunrelay
