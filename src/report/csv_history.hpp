// SPDX-License-Identifier: MIT
// The history of a project's measurements: a CSV file (RFC 4180) that grows by a line a metric and
// path with every run, for `trend`, spreadsheets, and tools that find change points (Otava).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// The first line, with its newline: the columns, in the order of HistoryRow.
[[nodiscard]] std::string csv_history_header();

struct HistoryRow {
  std::string time;    ///< when the run began, ISO 8601 in UTC
  std::string commit;  ///< `environment.commit` of the result; may be empty
  std::string suite;
  std::string title;
  std::string metric;
  std::string unit;
  Better better = Better::kNeither;
  std::string path;
  std::size_t rounds = 0;  ///< samples that count
  /// In the unit.
  double median = 0;
  double lowest = 0;
  double highest = 0;
  double ratio_to_control = 0;  ///< NaN where there is none
  std::string machine_id;       ///< `environment.machine_id`; may be empty
  std::string kernel;
};

/// A row a metric and path that has samples that count; of a merged result one for each machine.
[[nodiscard]] std::vector<HistoryRow> history_rows(const Result& result);
/// The same as lines, without the header.
[[nodiscard]] std::string csv_history(const Result& result);

/// Appends the result's lines to PATH, behind the header if it is new; all of them or none, also
/// when the disk is full or another process appends meanwhile. Throws Error that names PATH; a
/// usage Error when it is another file: it has another header, or ends within a line.
void append_csv_history(const std::string& path, const Result& result);

/// Throws a usage Error that names PATH and the line.
[[nodiscard]] std::vector<HistoryRow> read_csv_history(const std::string& path);
/// The same for text; SOURCE stands for the path.
[[nodiscard]] std::vector<HistoryRow> parse_csv_history(std::string_view text,
                                                        const std::string& source);

}  // namespace tunrelay
