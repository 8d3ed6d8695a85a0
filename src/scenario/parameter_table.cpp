// SPDX-License-Identifier: MIT
#include "scenario/parameter_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "base/trim.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

constexpr const char* kCsvExample =
    "a file begins for example with the line: time_s,rate_mbit,delay_ms,loss_percent";
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t comma = line.find(',');
    cells.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// A column of the file, as its first line names it.
struct CsvColumn {
  bool is_time = false;
  LinkParameter parameter = LinkParameter::kRate;
  std::vector<std::size_t> directions;
  std::string unit{};                  ///< behind each value; may be empty
  std::vector<std::size_t> columns{};  ///< of the table
};

class CsvReader {
 public:
  CsvReader(const StageFile& file, const std::vector<std::size_t>& directions)
      : file_(file), directions_(directions) {}

  ParameterTable read() {
    ensure(file_.text != nullptr, "a trace was not read");
    std::string_view text = *file_.text;
    while (!text.empty()) {
      ++line_;
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      line = trimmed(line.substr(0, line.find('#')));
      if (line.empty()) continue;
      if (columns_.empty())
        read_names(line);
      else
        read_row(line);
    }
    if (table_.times_ns.empty()) refuse("there is no row with values", kCsvExample);
    return std::move(table_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why, const std::string& hint) const {
    throw_usage_error("read", fmt::format("{}:{}", file_.name, line_), why, hint);
  }

  void read_names(std::string_view line) {
    for (const std::string_view cell : cells_of(line)) columns_.push_back(column_named(cell));
    const auto times = std::count_if(columns_.begin(), columns_.end(),
                                     [](const CsvColumn& column) { return column.is_time; });
    if (times != 1) refuse("there must be one column called time", kCsvExample);
    if (columns_.size() == 1) refuse("there is no column beside the time", kCsvExample);
    for (CsvColumn& column : columns_)
      for (const std::size_t direction : column.directions) {
        column.columns.push_back(table_.columns.size());
        table_.columns.push_back({direction, column.parameter, {}});
      }
  }
  [[nodiscard]] CsvColumn column_named(std::string_view cell) const {
    std::string name(cell);
    std::replace(name.begin(), name.end(), '-', '_');
    CsvColumn column{.directions = directions_};
    for (const auto& [prefix, direction] : {std::pair{"a_to_b_", 0U}, std::pair{"b_to_a_", 1U}})
      if (name.starts_with(prefix)) {
        column.directions = {direction};
        name.erase(0, std::string_view(prefix).size());
        break;
      }
    if (const std::size_t unit = name.find('_'); unit != std::string::npos) {
      column.unit = name.substr(unit + 1);
      if (column.unit == "percent") column.unit = "%";
      name.resize(unit);
    }
    if (name == "time") {
      column.is_time = true;
      column.directions.clear();
      return column;
    }
    const auto parameter = link_parameter_of(name);
    if (!parameter)
      refuse(fmt::format("'{}' is not a column that is known", cell),
             "columns are time, rate, delay, jitter and loss, each with a unit if need be");
    column.parameter = *parameter;
    return column;
  }

  void read_row(std::string_view line) {
    const std::vector<std::string_view> cells = cells_of(line);
    if (cells.size() != columns_.size())
      refuse(fmt::format("{} values stand here, and the first line names {} columns", cells.size(),
                         columns_.size()),
             kCsvExample);
    if (table_.times_ns.size() == kMaxScenarioRows)
      refuse(fmt::format("these are more than {} rows", kMaxScenarioRows), "leave some out");
    for (std::size_t at = 0; at < cells.size(); ++at) {
      const std::optional<double> value = value_of(columns_[at], cells[at]);
      if (columns_[at].is_time) {
        if (!value) refuse("there is no time", kCsvExample);
        add_time(static_cast<std::int64_t>(*value));
      }
      for (const std::size_t column : columns_[at].columns)
        table_.columns[column].values.push_back(value.value_or(kNone));
    }
  }
  [[nodiscard]] std::optional<double> value_of(const CsvColumn& column, std::string_view cell) const
      try {
    if (cell.empty()) return std::nullopt;
    const std::string text = std::string(cell) + column.unit;
    if (column.is_time) return static_cast<double>(parse_duration_ns(text));
    return parse_link_parameter(column.parameter, text);
  } catch (const Error& error) {
    refuse(error.parts().object + ": " + error.parts().cause, error.parts().hint);
  }
  void add_time(std::int64_t time_ns) {
    if (!table_.times_ns.empty() && time_ns <= table_.times_ns.back())
      refuse("the time is not behind that of the row before", "times must rise: sort the rows");
    table_.times_ns.push_back(time_ns);
  }

  const StageFile& file_;
  const std::vector<std::size_t>& directions_;
  std::size_t line_ = 0;
  std::vector<CsvColumn> columns_;
  ParameterTable table_;
};

/// The values of COLUMN where a row has none: that of the row before.
std::vector<double> filled(const ParameterTable::Column& column) {
  std::vector<double> values = column.values;
  for (std::size_t row = 1; row < values.size(); ++row)
    if (std::isnan(values[row])) values[row] = values[row - 1];
  return values;
}

void add_row(ActionRows& rows, std::int64_t time_ns) {
  if (rows.times_ns.size() == kMaxScenarioRows)
    throw_usage_error("use", "this entry",
                      fmt::format("it would change the link over {} times", kMaxScenarioRows),
                      "take a longer interval");
  rows.times_ns.push_back(time_ns);
  rows.actions.emplace_back();
}

}  // namespace

ActionRows rows_of(const ParameterTable& table, std::int64_t interval_ns) {
  ActionRows rows;
  std::vector<std::vector<double>> lines;
  for (const ParameterTable::Column& column : table.columns) lines.push_back(filled(column));
  for (std::size_t row = 0; row < table.times_ns.size(); ++row) {
    const std::int64_t from_ns = table.times_ns[row];
    const bool is_last = row + 1 == table.times_ns.size();
    const std::int64_t to_ns = is_last ? from_ns + 1 : table.times_ns[row + 1];
    const std::int64_t step_ns = interval_ns > 0 ? interval_ns : to_ns - from_ns;
    for (std::int64_t moment_ns = from_ns; moment_ns < to_ns; moment_ns += step_ns) {
      add_row(rows, moment_ns);
      const double share =
          static_cast<double>(moment_ns - from_ns) / static_cast<double>(to_ns - from_ns);
      for (std::size_t at = 0; at < table.columns.size(); ++at) {
        double value = lines[at][row];
        if (std::isnan(value)) continue;
        if (!is_last) value += share * (lines[at][row + 1] - value);
        rows.actions.back().settings.push_back(
            {table.columns[at].direction, table.columns[at].parameter, value});
      }
    }
  }
  return rows;
}

ParameterTable parse_parameter_csv(const StageFile& file,
                                   const std::vector<std::size_t>& directions) {
  return CsvReader(file, directions).read();
}

}  // namespace tunrelay
