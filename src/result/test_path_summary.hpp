// SPDX-License-Identifier: MIT
// What the samples of one metric come to, a line a path: what tables show and the JSON form
// repeats for readers that do not want to reckon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// Of an even number of values the mean of the two in the middle; NaN of none.
[[nodiscard]] double median_of(std::vector<double> values);

/// The median of the samples of LINK that count, by round.
[[nodiscard]] std::map<std::uint32_t, double> medians_by_round(const Metric& metric,
                                                               std::string_view path);

/// LINK's value as a ratio to REFERENCE's in each round in which both have samples that count (of
/// several in a round, their medians), in the order of rounds. Rounds in which the reference is 0
/// are left out.
[[nodiscard]] std::vector<double> paired_ratios(const Metric& metric, std::string_view path,
                                                std::string_view reference);

/// The path that the others are reported as a ratio to: the control, else `compare`'s base; empty
/// where the metric has neither.
[[nodiscard]] std::string reference_path(const Metric& metric);

struct TestPathSummary {
  std::string path;
  std::size_t valid = 0;    ///< samples that count
  std::size_t invalid = 0;  ///< samples that don't
  /// In the metric's unit, of the samples that count; NaN where there are none.
  double median = 0;
  double lowest = 0;
  double highest = 0;
  /// The median of paired_ratios() to reference_link(); NaN for that path itself, or for no pair.
  double ratio = 0;
  bool is_invalid =
      false;  ///< of shown_summaries() alone: the figures are of samples that don't count
};

/// In the order of links_of().
[[nodiscard]] std::vector<TestPathSummary> summarise(const Metric& metric);

/// The same for people: a path none of whose samples counts is shown by those that don't, as
/// invalid.
[[nodiscard]] std::vector<TestPathSummary> shown_summaries(const Metric& metric);

}  // namespace tunrelay
