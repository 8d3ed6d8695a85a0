#include "report/terminal.hpp"

#include <fmt/format.h>

#include "base/units.hpp"
#include "report/escape.hpp"
#include "report/tables.hpp"

namespace tunrelay {
namespace {

std::string section(const TextTable& table) {
  return table.rows.empty() ? "" : "\n" + as_terminal(table);
}

}  // namespace

std::string terminal_text(const Result& result) {
  std::string text = fmt::format("{}{}{}: {}, seed {}\n", clean_line(result.suite),
                                 result.title.empty() ? "" : ", ", clean_line(result.title),
                                 format_duration(result.duration_s * 1e9), result.seed);
  text += section(metrics_table(result));
  text += section(latency_table(result));
  text += section(void_samples_table(result));
  if (!result.complete || !result.notes.empty()) text += "\n";
  if (!result.complete) text += fmt::format("note: {}\n", kIncomplete);
  for (const std::string& note : result.notes) text += fmt::format("note: {}\n", clean_line(note));
  return text;
}

std::string terminal_text(const ComparisonReport& comparison) {
  std::string text = fmt::format("{} (base) and {} (head): {}\n", clean_line(comparison.base_name),
                                 clean_line(comparison.head_name), comparison.verdict);
  text += section(comparison_table(comparison));
  std::string reasons;
  for (const ComparisonRow& row : comparison.rows)
    if (!row.reason.empty() && row.verdict != "same")
      reasons += fmt::format("{}: {}\n", clean_line(row.metric), clean_line(row.reason));
  if (!reasons.empty()) text += "\n" + reasons;
  return text;
}

}  // namespace tunrelay
