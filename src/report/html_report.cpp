// SPDX-License-Identifier: MIT
#include "report/html_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/figure.hpp"
#include "base/units.hpp"
#include "report/charts.hpp"
#include "report/escape.hpp"
#include "report/html_comparison.hpp"
#include "report/page_frame.hpp"
#include "report/tables.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxCards = 8;

std::string heading(const Result& result) {
  return result.title.empty() ? result.suite : result.title;
}

/// A member of the environment as text; nothing where it is not known.
std::string environment_text(const Result& result, const char* key) {
  if (!result.environment.is_object() || !result.environment.contains(key)) return {};
  const nlohmann::json& value = result.environment[key];
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_unsigned() ? std::to_string(value.get<std::uint64_t>()) : std::string();
}

PageFacts facts(const Result& result) {
  return {{"started", result.started_utc},
          {"took", format_duration(result.duration_s * 1e9)},
          {"seed", std::to_string(result.seed)},
          {"commit", environment_text(result, "commit")},
          {"kernel", environment_text(result, "kernel")},
          {"processor", environment_text(result, "processor")},
          {"CPUs", environment_text(result, "cpus")},
          {"virtual", environment_text(result, "virtual")}};
}

std::string warnings_and_notes(const Result& result) {
  std::string html;
  if (!result.complete) html += fmt::format("<p class=\"warning\">{}</p>\n", kIncomplete);
  if (result.notes.empty()) return html;
  html += "<ul class=\"notes\">";
  for (const std::string& note : result.notes)
    html += fmt::format("<li>{}</li>", escape_markup(note));
  return html + "</ul>\n";
}

std::string card(const Metric& metric, const TestPathSummary& path, const std::string& reference) {
  std::string more =
      path.valid == 1
          ? "1 round"
          : fmt::format("{}, {} rounds", format_range(path.lowest, path.highest, metric.unit),
                        path.valid);
  if (path.is_invalid) more = "invalid: it does not count";
  if (std::isfinite(path.ratio))
    more += fmt::format("<br>{} of {}", format_number(path.ratio), escape_markup(reference));
  return fmt::format(
      "<div class=\"card\"><div class=\"name\">{}{}</div><div class=\"value\">{}</div>"
      "<div class=\"more\">{}</div></div>\n",
      escape_markup(metric.name), path.path == kSubject ? "" : ", " + escape_markup(path.path),
      large_figure(format_figure(path.median, metric.unit)), more);
}

/// The first figures, large: of what is measured, not of what it is measured against, and of
/// metrics with a direction; others only explain them.
std::string cards(const Result& result) {
  std::string html;
  std::size_t count = 0;
  for (const Metric& metric : result.metrics) {
    if (metric.better == Better::kNeither) continue;
    const std::string reference = reference_path(metric);
    for (const TestPathSummary& path : shown_summaries(metric)) {
      if (path.path == reference || std::isnan(path.median) || count == kMaxCards) continue;
      html += card(metric, path, reference);
      ++count;
    }
  }
  return html.empty() ? html : "<div class=\"cards\">\n" + html + "</div>\n";
}

std::string table_section(const char* title, const TextTable& table) {
  if (table.rows.empty()) return {};
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, as_html(table));
}

std::string folded(const char* title, const TextTable& table) {
  if (table.rows.empty()) return {};
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", title, as_html(table));
}

/// A section of a result's charts, of which there may be more than are drawn.
std::string result_charts(const char* title, const char* text, const char* key,
                          const char* css_class, ordered_json charts, ordered_json& data) {
  const char* rest = charts.size() < kMaxCharts ? "" : " More of them are in the tables alone.";
  return chart_section(title, std::string(text) + rest, key, css_class, std::move(charts), data);
}

std::string chart_sections(const Result& result, ordered_json& data) {
  std::string html = kNoScript;
  html += result_charts("Over time", "The vertical axis begins at 0, so that heights compare.",
                        "series", "charts", series_charts(result), data);
  html += result_charts("Samples by round",
                        "Links of one round were measured one after the other. "
                        "The line across is the median.",
                        "rounds", "charts small", round_charts(result), data);
  html +=
      result_charts("Latency by percentile",
                    "The latency that a share of the packets keeps. Every step to the right has "
                    "a tenth of the packets of the step before it.",
                    "percentiles", "charts", percentile_charts(result), data);
  html += result_charts("Distribution of latency", "Bins are of equal width on the scale shown.",
                        "distributions", "charts", distribution_charts(result), data);
  return html;
}

std::string page(const Result& result, const std::string& comparison) {
  ordered_json data = ordered_json::object();
  std::string html = page_head(result.suite, heading(result), facts(result));
  html += warnings_and_notes(result) + "</header>\n<main>\n" + cards(result) + comparison;
  html += table_section("Figures", metrics_table(result));
  html += chart_sections(result, data);
  html += table_section("Latency", latency_table(result));
  html += table_section("Samples that do not count", invalid_samples_table(result));
  html += "<section><h2>How it was measured</h2>\n";
  html += folded("Asked", details_table(result.asked));
  html += folded("Done", details_table(result.done));
  html += folded("The generator's own floor", details_table(result.floor));
  html += folded("Environment", details_table(result.environment)) + "</section>\n</main>\n";
  return html + page_end(data);
}

}  // namespace

std::string html_report(const Result& result) {
  return page(result, {});
}

std::string html_report(const Result& result, const ComparisonReport& comparison) {
  return page(result, html_comparison(comparison));
}

}  // namespace tunrelay
