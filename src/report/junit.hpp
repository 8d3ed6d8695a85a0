// SPDX-License-Identifier: MIT
// A result, or a comparison, as JUnit XML: the form in which every CI service shows what failed.
// Pure functions, for any thread.
#pragma once

#include <string>

#include "report/comparison.hpp"
#include "result/result.hpp"

namespace tunrelay {

/// A test case a metric; an error where no sample of a path counts, or where the run was cut short.
[[nodiscard]] std::string junit_xml(const Result& result);
/// A test case a metric that was judged: a failure for "worse", skipped for "inconclusive".
/// STARTED_UTC as in Result; may be empty.
[[nodiscard]] std::string junit_xml(const ComparisonReport& comparison,
                                    const std::string& started_utc);

}  // namespace tunrelay
