// SPDX-License-Identifier: MIT
#include "report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/units.hpp"
#include "base/wrap.hpp"
#include "report/escape.hpp"
#include "report/machine_tables.hpp"
#include "report/tables.hpp"

namespace tunrelay {
namespace {

std::string section(const TextTable& table, const TerminalStyle& style) {
  return table.rows.empty() ? "" : "\n" + as_terminal(table, style.columns);
}

/// ECMA-48's colours: the same text in a terminal without them.
std::string coloured(const std::string& verdict, const TerminalStyle& style) {
  if (!style.colour) return verdict;
  const char* code = verdict == "better" ? "32" : verdict == "worse" ? "1;31" : nullptr;
  if (verdict == "inconclusive") code = "33";
  return code == nullptr ? verdict : fmt::format("\x1b[{}m{}\x1b[0m", code, verdict);
}

/// The verdicts are the last column, so colours don't shift anything.
std::string with_coloured_verdicts(const std::string& table, const TerminalStyle& style) {
  std::string text;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t last = line.rfind("  ") + 2;
    text += (line.rfind("  ") == std::string::npos
                 ? line
                 : line.substr(0, last) + coloured(line.substr(last), style)) +
            "\n";
  }
  return text;
}

bool needs_a_reason(const ComparisonRow& row) {
  if (row.reason.empty()) return false;
  if (row.verdict == "inconclusive") return true;
  // "not judged" says it all where both sides have values.
  return row.verdict.empty() && (std::isnan(row.base) || std::isnan(row.head));
}

/// A line a reason, with the metrics that it applies to.
std::string reasons_text(const ComparisonReport& comparison, const TerminalStyle& style) {
  std::vector<std::pair<std::string, std::string>> reasons;
  std::size_t open = 0;   // rows with a reason
  std::size_t aside = 0;  // rows that are not judged
  for (const ComparisonRow& row : comparison.rows) {
    if (!needs_a_reason(row)) {
      if (row.verdict.empty()) ++aside;
      continue;
    }
    ++open;
    const std::string reason = clean_line(row.reason);
    const auto known = std::find_if(reasons.begin(), reasons.end(),
                                    [&](const auto& one) { return one.first == reason; });
    if (known == reasons.end())
      reasons.emplace_back(reason, clean_line(row.metric));
    else
      known->second += ", " + clean_line(row.metric);
  }
  std::string text;
  const bool has_one = reasons.size() == 1 && open == comparison.rows.size() - aside && open > 3;
  for (const auto& [reason, metrics] : reasons)
    text += wrap_lines(fmt::format("{}: {}\n", has_one ? "all that are judged" : metrics, reason),
                       style.columns);
  return text;
}

}  // namespace

std::string terminal_text(const Result& result, const TerminalStyle& style) {
  std::string text = fmt::format("{}{}{}: {}, seed {}\n", clean_line(result.suite),
                                 result.title.empty() ? "" : ", ", clean_line(result.title),
                                 format_duration(result.duration_s * 1e9), result.seed);
  text += section(metrics_table(result), style);
  text += section(latency_table(result), style);
  text += section(machine_spread_table(result), style);
  text += section(machines_table(result), style);
  text += section(invalid_samples_table(result), style);
  if (!result.complete || !result.notes.empty()) text += "\n";
  if (!result.complete) text += wrap_lines(fmt::format("note: {}\n", kIncomplete), style.columns);
  for (const std::string& note : result.notes)
    text += wrap_lines(fmt::format("note: {}\n", clean_line(note)), style.columns);
  return text;
}

std::string terminal_text(const ComparisonReport& comparison, const TerminalStyle& style) {
  std::string text = fmt::format("base {}\nhead {}\n", clean_line(comparison.base_name),
                                 clean_line(comparison.head_name));
  text += with_coloured_verdicts(section(comparison_table(comparison), style), style);
  const std::string reasons = reasons_text(comparison, style);
  if (!reasons.empty()) text += "\n" + reasons;
  return text + fmt::format("\nthe whole: {}\n", coloured(comparison.verdict, style));
}

}  // namespace tunrelay
