// SPDX-License-Identifier: MIT
// What a reader of ten seconds needs of a result: what was tested, the figures that matter, and
// each load beside its control. Pure functions, for any thread.
#pragma once

#include <string>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// Figures that stand large, at most.
inline constexpr std::size_t kMaxHeadlines = 5;

/// The metric that says most of each load, in the order of loads; of a result with one load the
/// first kMaxHeadlines that say most of it. Good as long as RESULT is.
[[nodiscard]] std::vector<const Metric*> headlines(const Result& result);

/// What was tested, in a sentence or two; not escaped.
[[nodiscard]] std::string tested_in_words(const Result& result);

/// The first kMaxHeadlines as cards: the subject's figure, and the control's beside it.
[[nodiscard]] std::string headline_cards(const Result& result);
/// All headlines as bars, the paths of each below one another; nothing where there is one path.
[[nodiscard]] std::string headline_bars(const Result& result);

}  // namespace tunrelay
