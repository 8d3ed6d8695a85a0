// SPDX-License-Identifier: MIT
// A result, or a comparison, as Markdown in GitHub's dialect: for a job's summary
// ($GITHUB_STEP_SUMMARY), a comment on a change, or results/. Pure functions, for any
// thread.
#pragma once

#include <string>

#include "report/comparison.hpp"
#include "result/result.hpp"

namespace tunrelay {

[[nodiscard]] std::string markdown_summary(const Result& result);
[[nodiscard]] std::string markdown_summary(const ComparisonReport& comparison);

}  // namespace tunrelay
