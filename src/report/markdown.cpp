// SPDX-License-Identifier: MIT
#include "report/markdown.hpp"

#include <fmt/format.h>

#include "base/figure.hpp"
#include "base/units.hpp"
#include "report/escape.hpp"
#include "report/machine_tables.hpp"
#include "report/tables.hpp"

namespace tunrelay {
namespace {

std::string section(const char* heading, const TextTable& table) {
  if (table.rows.empty()) return {};
  return fmt::format("\n### {}\n\n{}", heading, as_markdown(table));
}

/// Long, and read by few: folded.
std::string folded_section(const char* heading, const TextTable& table) {
  if (table.rows.empty()) return {};
  return fmt::format("\n<details><summary>{}</summary>\n\n{}\n</details>\n", heading,
                     as_markdown(table));
}

}  // namespace

std::string markdown_summary(const Result& result) {
  std::string text = fmt::format("## {}{}{}\n\n{}, for {}, seed {}\n",
                                 escape_markdown(result.suite), result.title.empty() ? "" : ": ",
                                 escape_markdown(result.title), escape_markdown(result.started_utc),
                                 format_duration(result.duration_s * 1e9), result.seed);
  if (!result.complete) text += fmt::format("\n**{}**\n", kIncomplete);
  text += section("Figures", metrics_table(result));
  text += section("Latency", latency_table(result));
  text += section("Spread between machines", machine_spread_table(result));
  text += folded_section("Machines", machines_table(result));
  text += section("Invalid samples", invalid_samples_table(result));
  if (!result.notes.empty()) text += "\n";
  for (const std::string& note : result.notes) text += fmt::format("- {}\n", escape_markdown(note));
  text += folded_section("Asked", details_table(result.asked));
  text += folded_section("Done", details_table(result.done));
  text += folded_section("Environment", details_table(result.environment));
  return text;
}

std::string markdown_summary(const ComparisonReport& comparison) {
  std::string text =
      fmt::format("## {}: {} to {}\n", escape_markdown(comparison.verdict),
                  escape_markdown(comparison.base_name), escape_markdown(comparison.head_name));
  text += section("Verdicts", comparison_table(comparison));
  text += fmt::format("\nWhat differs by less than {} counts as the same.\n",
                      format_change(1 + comparison.min_effect).substr(1));
  std::string reasons;
  for (const ComparisonRow& row : comparison.rows)
    if (!row.reason.empty())
      reasons +=
          fmt::format("- {}: {}\n", escape_markdown(row.metric), escape_markdown(row.reason));
  if (!reasons.empty()) text += "\n" + reasons;
  return text;
}

}  // namespace tunrelay
