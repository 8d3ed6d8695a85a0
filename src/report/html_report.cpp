// SPDX-License-Identifier: MIT
#include "report/html_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/figure.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "report/charts.hpp"
#include "report/escape.hpp"
#include "report/html_comparison.hpp"
#include "report/page_text.hpp"
#include "report/tables.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxCards = 8;

/// The page may run its own script and style and reach nothing else, whatever is in its data.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

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

std::string facts(const Result& result) {
  std::string items;
  const auto add = [&items](const char* name, const std::string& value) {
    if (!value.empty()) items += fmt::format("<li>{} <b>{}</b></li>", name, escape_markup(value));
  };
  add("started", result.started_utc);
  add("took", format_duration(result.duration_s * 1e9));
  add("seed", std::to_string(result.seed));
  add("commit", environment_text(result, "commit"));
  add("kernel", environment_text(result, "kernel"));
  add("processor", environment_text(result, "processor"));
  add("CPUs", environment_text(result, "cpus"));
  add("virtual", environment_text(result, "virtual"));
  return "<ul class=\"facts\">" + items + "</ul>\n";
}

std::string head(const Result& result) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{} - tunrelay</title>\n<path rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n"
      "</head>\n<body>\n<header>\n<div class=\"kicker\">tunrelay {}</div>\n<h1>{}</h1>\n{}",
      kPolicy, escape_markup(heading(result)), kPageStyle, escape_markup(result.suite),
      escape_markup(heading(result)), facts(result));
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

/// "27.10 Gbit/s" with the unit smaller than the number.
std::string large_figure(const std::string& figure) {
  const std::size_t blank = std::min(figure.find(' '), figure.size());
  return fmt::format("{}<small>{}</small>", escape_markup(figure.substr(0, blank)),
                     escape_markup(figure.substr(blank)));
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

/// A section for charts, whose data go to DATA under KEY; nothing when there are none.
std::string chart_section(const char* title, const char* text, const char* key,
                          const char* css_class, ordered_json charts, ordered_json& data) {
  if (charts.empty()) return {};
  const char* rest = charts.size() < kMaxCharts ? "" : " More of them are in the tables alone.";
  data[key] = std::move(charts);
  return fmt::format(
      "<section><h2>{}</h2>\n<p class=\"quiet\">{}{}</p>\n"
      "<div class=\"{}\" data-charts=\"{}\"></div></section>\n",
      title, text, rest, css_class, key);
}

std::string chart_sections(const Result& result, ordered_json& data) {
  std::string html =
      "<noscript><p class=\"warning\">Charts are drawn by a script, which is switched "
      "off here. The tables say the same.</p></noscript>\n";
  html += chart_section("Over time", "The vertical axis begins at 0, so that heights compare.",
                        "series", "charts", series_charts(result), data);
  html += chart_section("Samples by round",
                        "Links of one round were measured one after the other. "
                        "The line across is the median.",
                        "rounds", "charts small", round_charts(result), data);
  html +=
      chart_section("Latency by percentile",
                    "The latency that a share of the packets keeps. Every step to the right has "
                    "a tenth of the packets of the step before it.",
                    "percentiles", "charts", percentile_charts(result), data);
  html += chart_section("Distribution of latency", "Bins are of equal width on the scale shown.",
                        "distributions", "charts", distribution_charts(result), data);
  return html;
}

std::string page(const Result& result, const std::string& comparison) {
  ordered_json data = ordered_json::object();
  std::string html = head(result);
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
  html += "<footer>Made by tunrelay. This page needs no network.</footer>\n";
  const std::string json = json_text(data);
  html += fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n",
                      escape_script_json(json));
  return html + fmt::format(
                    "<script>\n\"use strict\";\n(() => {{\n{}}})();\n</script>\n</body>\n</html>\n",
                    kPageScript);
}

}  // namespace

std::string html_report(const Result& result) {
  return page(result, {});
}

std::string html_report(const Result& result, const ComparisonReport& comparison) {
  return page(result, html_comparison(comparison));
}

}  // namespace tunrelay
