// SPDX-License-Identifier: MIT
// The history read back: the other half of report/csv_history.hpp.
#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "os/input_file.hpp"
#include "report/csv_history.hpp"

namespace tunrelay {
namespace {

constexpr const char* kReading = "read the history";
constexpr std::size_t kMaxHistoryBytes = std::size_t{256} << 20U;
constexpr std::size_t kColumns = 15;

/// Where in which file: for errors.
struct Place {
  const std::string& source;
  std::size_t line = 0;

  [[noreturn]] void refuse(const std::string& what) const {
    throw_usage_error(kReading, source, fmt::format("line {}: {}", line, what));
  }
};

/// The fields of one record without its newline.
std::vector<std::string> fields_of(std::string_view line, const Place& place) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char character = line[at];
    if (quoted && character == '"' && at + 1 < line.size() && line[at + 1] == '"') {
      fields.back() += '"';
      ++at;
    } else if (character == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (character == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += character;
    }
  }
  if (quoted) place.refuse("a quote is not closed");
  if (fields.size() != kColumns)
    place.refuse(fmt::format("{} fields are needed, not {}", kColumns, fields.size()));
  return fields;
}

template <typename Number>
Number number_from(const std::string& field, const char* column, const Place& place) {
  Number number{};
  const char* end = field.data() + field.size();
  const auto [rest, error] = std::from_chars(field.data(), end, number);
  if (error != std::errc{} || rest != end)
    place.refuse(fmt::format("{} is not a number: '{}'", column, field));
  return number;
}

Better better_from(const std::string& field, const Place& place) {
  if (const auto better = better_named(field)) return *better;
  place.refuse(fmt::format("better is none of higher, lower and neither: '{}'", field));
}

HistoryRow row_from(std::vector<std::string> fields, const Place& place) {
  return {.time = std::move(fields[0]),
          .commit = std::move(fields[1]),
          .suite = std::move(fields[2]),
          .title = std::move(fields[3]),
          .metric = std::move(fields[4]),
          .unit = std::move(fields[5]),
          .better = better_from(fields[6], place),
          .path = std::move(fields[7]),
          .rounds = number_from<std::size_t>(fields[8], "rounds", place),
          .median = number_from<double>(fields[9], "median", place),
          .lowest = number_from<double>(fields[10], "lowest", place),
          .highest = number_from<double>(fields[11], "highest", place),
          .ratio_to_control = fields[12].empty()
                                  ? std::numeric_limits<double>::quiet_NaN()
                                  : number_from<double>(fields[12], "ratio_to_control", place),
          .machine_id = std::move(fields[13]),
          .kernel = std::move(fields[14])};
}

}  // namespace

std::vector<HistoryRow> parse_csv_history(std::string_view text, const std::string& source) {
  Place place{.source = source, .line = 1};
  const std::string header = csv_history_header();
  if (!text.starts_with(header)) place.refuse("it is not the first line of a history");
  std::vector<HistoryRow> rows;
  text.remove_prefix(header.size());
  while (!text.empty()) {
    ++place.line;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) place.refuse("the file ends within it");
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);  // a spreadsheet has saved it
    rows.push_back(row_from(fields_of(line, place), place));
    text.remove_prefix(end + 1);
  }
  return rows;
}

std::vector<HistoryRow> read_csv_history(const std::string& path) {
  return parse_csv_history(read_whole_file(path, kReading, kMaxHistoryBytes), path);
}

}  // namespace tunrelay
