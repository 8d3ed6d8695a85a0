// SPDX-License-Identifier: MIT
#include "report/html_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/units.hpp"
#include "report/charts.hpp"
#include "report/escape.hpp"
#include "report/html_comparison.hpp"
#include "report/machine_tables.hpp"
#include "report/metric_titles.hpp"
#include "report/overview.hpp"
#include "report/page_frame.hpp"
#include "report/tables.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

std::string heading(const Result& result) {
  if (!result.title.empty()) return result.title;
  const std::string control = path_title(result, kControl);
  return control == kControl ? result.suite
                             : fmt::format("tunrelay beside {}: {}", control, result.suite);
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
          {"commit", environment_text(result, "commit")},
          {"kernel", environment_text(result, "kernel")},
          {"processor", environment_text(result, "processor")},
          {"CPUs", environment_text(result, "cpus")},
          {"seed", std::to_string(result.seed)}};
}

std::string warnings(const Result& result) {
  return result.complete ? "" : fmt::format("<p class=\"warning\">{}</p>\n", kIncomplete);
}

std::string notes(const Result& result) {
  if (result.notes.empty()) return {};
  std::string html = "<ul class=\"notes\">";
  for (const std::string& note : result.notes)
    html += fmt::format("<li>{}</li>", escape_markup(note));
  return html + "</ul>\n";
}

std::string table_section(const char* title, const TextTable& table) {
  if (table.rows.empty()) return {};
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, as_html(table));
}

std::string folded(const char* title, const TextTable& table) {
  if (table.rows.empty()) return {};
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", title, as_html(table));
}

/// A folded section of a result's charts, of which there may be more than are drawn.
std::string folded_charts(const char* title, const char* text, const char* key,
                          const char* css_class, ordered_json charts, ordered_json& data) {
  if (charts.empty()) return {};
  const char* rest = charts.size() < kMaxCharts ? "" : " More of them are in the tables alone.";
  return fmt::format(
      "<details><summary>{}</summary>\n{}</details>\n", title,
      charts_with_text(std::string(text) + rest, key, css_class, std::move(charts), data));
}

std::string detail_charts(const Result& result, ordered_json& data) {
  std::string html;
  html += folded_charts("Samples by round",
                        "Paths of one round were measured one after the other. The line across is "
                        "the median.",
                        "rounds", "charts small", round_charts(result), data);
  html += folded_charts("Distribution of latency", "Bins are of equal width on the scale shown.",
                        "distributions", "charts small", distribution_charts(result), data);
  return html;
}

std::string all_figures(const Result& result) {
  std::string html;
  for (const LoadTable& load : load_tables(result))
    html += fmt::format("<h3>{}</h3>\n{}", escape_markup(load.title), as_html(load.table));
  return html.empty() ? html
                      : "<section id=\"figures\"><h2>All figures</h2>\n" + html + "</section>\n";
}

/// Why our own generator and iperf3 find different rates, where a reader may compare them.
std::string generator_note(const Result& result) {
  const bool has_streams =
      std::any_of(result.metrics.begin(), result.metrics.end(),
                  [](const Metric& metric) { return metric.name.starts_with("tcp_"); });
  if (!has_streams) return {};
  return "<p class=\"quiet\">The generator checks every byte that arrives and times every message, "
         "so its TCP rates are below those of iperf3, which does neither; those of the control "
         "are, "
         "too.</p>\n";
}

std::string page(const Result& result, const std::string& comparison) {
  ordered_json data = ordered_json::object();
  std::string html = page_head(result.suite, heading(result), facts(result));
  html += fmt::format("<p class=\"tested\">{}</p>\n", escape_markup(tested_in_words(result)));
  html +=
      warnings(result) + "</header>\n<main>\n" + comparison + headline_cards(result) + kNoScript;
  html += headline_bars(result);
  html +=
      chart_section("Over time",
                    "The vertical axis begins at 0, so that heights compare. Drag across to look "
                    "closer, in all; a double click shows all again.",
                    "series", "charts", series_charts(result), data);
  html += chart_section("Latency by percentile",
                        "The latency that a share of the packets keeps. Each step to the right has "
                        "a tenth of the packets of the step before it.",
                        "percentiles", "charts small", percentile_charts(result), data);
  html += detail_charts(result, data) + all_figures(result);
  html += table_section("Spread between machines", machine_spread_table(result));
  html += folded("Latency, each percentile", latency_table(result));
  html += table_section("Samples that do not count", invalid_samples_table(result));
  html += "<section><h2>How it was measured</h2>\n" + notes(result) + generator_note(result);
  html += folded("Machines", machines_table(result));
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
