// SPDX-License-Identifier: MIT
// A result as one HTML page that needs nothing else: no network, no other file. Charts are drawn by
// the script within it (report/page); without scripts the tables still say everything. Pure
// functions, for any thread.
#pragma once

#include <string>

#include "report/comparison.hpp"
#include "result/result.hpp"

namespace tunrelay {

[[nodiscard]] std::string html_report(const Result& result);
/// With the comparison with a baseline, of which RESULT is the head.
[[nodiscard]] std::string html_report(const Result& result, const ComparisonReport& comparison);

}  // namespace tunrelay
