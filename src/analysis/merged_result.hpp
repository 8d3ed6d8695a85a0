// SPDX-License-Identifier: MIT
// The results of many runs of one configuration, on many machines, as one result: each sample
// keeps the run that it is of, histograms add up. In whatever order results come, the merged one is
// the same. (Results of different suites on one page are another thing: report/joined_result.hpp.)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// Takes one result after the other, so that only one is in memory with its histograms. Results may
/// be merged ones themselves. Used by one thread.
// NOLINTNEXTLINE(bugprone-exception-escape): nlohmann::json moves without an exception
class ResultMerger {
 public:
  /// The file of a result, for messages.
  struct Input {
    Result result;
    std::string source;
  };

  /// Why RESULT is not one of the configuration of those before: sentences without a full stop,
  /// none where it is, and for the first.
  [[nodiscard]] std::vector<std::string> differences(const Input& input) const;
  /// Adds all of it, whatever its configuration. Throws a usage Error that names both files when
  /// one of its runs was added before: its samples would count twice.
  void add(Input input);
  [[nodiscard]] std::size_t runs() const noexcept { return runs_.size(); }

  /// The merged result. There must be one run at least. Throws a usage Error when there are more
  /// rounds than a result can number.
  [[nodiscard]] Result take();

 private:
  struct Run {
    Origin origin;  ///< with all that it asked, did and ran in
    std::string suite;
    std::string source;
    std::vector<Metric> metrics;
  };
  /// Of one name and path.
  struct Sum {
    Histogram histogram;
    std::vector<double> starts_s;
    std::vector<double> intervals_s;
  };
  struct InputSeries {
    Series series;
    std::string run;  ///< the first one of its result
  };
  using NameAndPath = std::pair<std::string, std::string>;

  void add_distributions(const Result& result);
  void add_series(Result& result, const Origin& origin);

  std::vector<Run> runs_;
  std::map<NameAndPath, Sum> sums_;
  std::vector<InputSeries> series_;
  std::vector<std::string> notes_;
  Result first_;  ///< what the others are compared with: without samples
  std::string first_source_;
};

}  // namespace tunrelay
