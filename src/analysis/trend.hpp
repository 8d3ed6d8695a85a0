// SPDX-License-Identifier: MIT
// The history of one metric, commit by commit: since when it is better or worse, by how much, and
// which commit did it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/change_points.hpp"
#include "analysis/verdict.hpp"
#include "result/result.hpp"

namespace tunrelay {

struct HistoryPoint {
  std::string commit;
  std::string time_utc;        ///< as written; points come in the order of time
  std::vector<double> values;  ///< in the metric's unit; their median counts
};

struct TrendOptions {
  double min_effect = 0.02;  ///< a lesser change is passed over; as JudgeOptions::min_effect
  ChangePointOptions change_points;
  std::size_t longest = 500;  ///< points looked at, the newest ones
};

/// A change of level between two neighbouring points, and so by a commit after `last_before`, up to
/// and including `commit`.
struct TrendChange {
  std::size_t index = 0;  ///< of `commit` among the points that were given
  std::string commit;     ///< the first with the new level
  std::string time_utc;
  std::string last_before;         ///< the last commit with the old level
  double before_median = 0;        ///< of the points since the change before this
  double after_median = 0;         ///< of the points up to the next change
  double change = 0;               ///< after_median / before_median - 1; infinite when that was 0
  double p = 1;                    ///< of the search that found it
  std::optional<Verdict> verdict;  ///< better or worse; nothing for Better::kNeither
};

struct Trend {
  std::vector<TrendChange> changes;  ///< in the order of time
  std::size_t used = 0;              ///< points with a value, no more than `longest`
  std::size_t passed_over = 0;       ///< older points, and those without a finite value
};

/// Changes of levels, where the values are over 0 of their logarithms: a change from 10 to 11
/// weighs like one from 100 to 110. A level that comes back is two changes. Fewer points than twice
/// `change_points.shortest` show none.
[[nodiscard]] Trend find_trend(std::span<const HistoryPoint> points, Better better,
                               const TrendOptions& options = {});

}  // namespace tunrelay
