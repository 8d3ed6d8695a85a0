// SPDX-License-Identifier: MIT
#include "report/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/figure.hpp"
#include "report/chart_parts.hpp"
#include "report/comparison.hpp"
#include "report/escape.hpp"
#include "report/loads.hpp"
#include "report/metric_titles.hpp"
#include "report/page_frame.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

/// What says most of a load, the first that it has.
constexpr std::string_view kOfMost[] = {
    "throughput",  "reverse_throughput",  "pdr",  "ndr",   "round_trip_p50", "one_way_p50",
    "one_way_p99", "reverse_one_way_p50", "loss", "jitter"};
/// A load that is there for its delays, or for how many small messages cross.
constexpr std::string_view kOfDelays[] = {"round_trip_p50", "one_way_p50"};
constexpr std::string_view kOfMessages[] = {"messages", "reverse_messages"};

const Metric* headline_of(const Load& load) {
  const auto first_of = [&load](const auto& measures) -> const Metric* {
    for (const std::string_view measure : measures)
      if (const Metric* metric = load.find(measure)) return metric;
    return nullptr;
  };
  const Metric* found = nullptr;
  if (load.name.starts_with("udp_")) found = first_of(kOfMessages);
  if (load.name.starts_with("load_") || load.name == "round_trip") found = first_of(kOfDelays);
  if (found == nullptr) found = first_of(kOfMost);
  if (found != nullptr) return found;
  // A suite of somebody else's: what has a direction says more than what explains.
  const auto judged = std::find_if(load.metrics.begin(), load.metrics.end(), [](const Metric* one) {
    return one->better != Better::kNeither;
  });
  return judged == load.metrics.end() ? nullptr : *judged;
}

std::string with_unit_of(const Metric& metric, double value) {
  return format_figure(value, metric.unit);
}

/// The summary of the path that METRIC is about, and of the one beside it, where there are such.
struct Sides {
  const TestPathSummary* subject = nullptr;
  const TestPathSummary* reference = nullptr;
};

Sides sides_of(const Metric& metric, const std::vector<TestPathSummary>& summaries) {
  const std::string reference = reference_path(metric);
  Sides sides;
  for (const TestPathSummary& summary : summaries)
    (summary.path == reference ? sides.reference : sides.subject) = &summary;
  if (sides.subject == nullptr) std::swap(sides.subject, sides.reference);
  return sides;
}

/// "0.43 of veth's 66.12 Gbit/s", as better or worse as it is.
std::string beside_text(const Result& result, const Metric& metric, const Sides& sides) {
  if (sides.reference == nullptr || !std::isfinite(sides.subject->ratio)) return {};
  const double ratio = sides.subject->ratio;
  const bool is_more = metric.better == Better::kHigher ? ratio > 1 : ratio < 1;
  const std::string verdict = metric.better == Better::kNeither || ratio == 1 ? "same"
                              : is_more                                       ? "better"
                                                                              : "worse";
  return fmt::format("<div class=\"beside\"><span class=\"verdict {}\">{} {} x</span> {}: {}</div>",
                     verdict, sign_of(verdict), format_number(ratio),
                     escape_markup(path_title(result, sides.reference->path)),
                     escape_markup(with_unit_of(metric, sides.reference->median)));
}

std::string spread_text(const Metric& metric, const TestPathSummary& path) {
  if (path.is_invalid) return "invalid: it does not count";
  if (path.valid < 2) return "1 round";
  return escape_markup(fmt::format(
      "{}, {} rounds", format_range(path.lowest, path.highest, metric.unit), path.valid));
}

std::string card(const Result& result, const Metric& metric) {
  const std::vector<TestPathSummary> summaries = shown_summaries(metric);
  const Sides sides = sides_of(metric, summaries);
  if (sides.subject == nullptr || std::isnan(sides.subject->median)) return {};
  return fmt::format(
      "<div class=\"card\"><div class=\"name\">{}</div><div class=\"value\">{}</div>{}"
      "<div class=\"more\">{}</div></div>\n",
      escape_markup(metric_title(metric.name)),
      large_figure(with_unit_of(metric, sides.subject->median)), beside_text(result, metric, sides),
      spread_text(metric, *sides.subject));
}

std::string bar(const Result& result, const Metric& metric, const TestPathSummary& path,
                double largest, std::size_t colour) {
  const double percent = largest > 0 ? 100 * std::clamp(path.median / largest, 0.0, 1.0) : 0;
  return fmt::format(
      "<div class=\"path-bar\"><i class=\"back{}\" style=\"width:{:.1f}%\"></i><span>{} <b>{}</b>{}"
      "</span></div>\n",
      colour, percent, escape_markup(path_title(result, path.path)),
      escape_markup(with_unit_of(metric, path.median)), path.is_invalid ? " (invalid)" : "");
}

/// Empty where METRIC has fewer than two paths.
std::string bars_of(const Result& result, const Metric& metric) {
  std::vector<TestPathSummary> paths = shown_summaries(metric);
  std::erase_if(paths, [](const TestPathSummary& path) { return !std::isfinite(path.median); });
  if (paths.size() < 2) return {};
  double largest = 0;
  for (const TestPathSummary& path : paths) largest = std::max(largest, path.median);
  const MetricName name = split_metric_name(metric.name);
  std::string html =
      fmt::format("<div class=\"row\"><div class=\"what\">{}<small>{}{}</small></div><div>\n",
                  escape_markup(name.load.empty() ? result.suite : load_title(name.load)),
                  escape_markup(measure_title(name)),
                  metric.better == Better::kLower ? ", less is better" : "");
  for (std::size_t at = 0; at < paths.size(); ++at)
    html += bar(result, metric, paths[at], largest, at % kChartColours);
  return html + "</div></div>\n";
}

/// "Figures are medians of 5 rounds.", or of how many to how many.
std::string rounds_in_words(const Result& result) {
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  std::size_t most = 0;
  for (const Metric* metric : headlines(result))
    for (const TestPathSummary& path : summarise(*metric)) {
      fewest = std::min(fewest, path.valid + path.invalid);
      most = std::max(most, path.valid + path.invalid);
    }
  if (most <= 1) return "One round.";
  if (fewest == most) return fmt::format("Figures are medians of {} rounds.", most);
  return fmt::format("Figures are medians of {} to {} rounds.", fewest, most);
}

}  // namespace

std::vector<const Metric*> headlines(const Result& result) {
  const std::vector<Load> loads = loads_of(result);
  std::vector<const Metric*> found;
  if (loads.size() == 1) {
    for (const std::string_view measure : kOfMost)
      if (const Metric* metric = loads.front().find(measure);
          metric != nullptr && found.size() < kMaxHeadlines)
        found.push_back(metric);
    if (!found.empty()) return found;
  }
  for (const Load& load : loads)
    if (const Metric* metric = headline_of(load)) found.push_back(metric);
  return found;
}

std::string tested_in_words(const Result& result) {
  std::string loads;
  for (const Load& load : loads_of(result))
    if (!load.name.empty()) loads += (loads.empty() ? "" : "; ") + load_title(load.name);
  std::string text = loads.empty() ? "" : loads + ". ";
  if (const std::string control = control_in_words(result); !control.empty())
    text += fmt::format("tunrelay and {} take turns. ", control);
  return text + rounds_in_words(result);
}

std::string headline_cards(const Result& result) {
  std::string html;
  std::size_t count = 0;
  for (const Metric* metric : headlines(result)) {
    const std::string one = count < kMaxHeadlines ? card(result, *metric) : "";
    count += one.empty() ? 0U : 1U;
    html += one;
  }
  return html.empty() ? html : "<div class=\"cards\">\n" + html + "</div>\n";
}

std::string headline_bars(const Result& result) {
  std::string html;
  for (const Metric* metric : headlines(result)) html += bars_of(result, *metric);
  if (html.empty()) return html;
  return "<section><h2>Each load beside its control</h2>\n<div class=\"beside-bars\">\n" + html +
         "</div></section>\n";
}

}  // namespace tunrelay
