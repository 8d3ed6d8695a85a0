// SPDX-License-Identifier: MIT
#include "report/html_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/figure.hpp"
#include "report/escape.hpp"
#include "report/metric_titles.hpp"

namespace tunrelay {
namespace {

/// What the right edge may stand for; the left edge is its opposite. A change beyond the last is
/// drawn at the edge: one tenfold change would hide all others.
constexpr double kReaches[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5};

double reach_of(const ComparisonReport& comparison) {
  double needed = 2 * comparison.min_effect;
  for (const ComparisonRow& row : comparison.rows)
    for (const double ratio : {row.ratio, row.ci_low, row.ci_high})
      if (std::isfinite(ratio)) needed = std::max(needed, std::abs(ratio - 1));
  for (const double reach : kReaches)
    if (needed <= reach) return reach;
  return kReaches[std::size(kReaches) - 1];
}

/// Where CHANGE stands between the edges, in percent of the width.
double place_of(double change, double reach) {
  if (std::isnan(change)) return 50;
  return 50 + 50 * std::clamp(change / reach, -1.0, 1.0);
}

/// From LEFT to RIGHT, both as changes.
std::string box(const char* kind, double left, double right, double reach) {
  const double from = place_of(left, reach);
  return fmt::format(R"(<i class="{}" style="left:{:.2f}%;width:{:.2f}%"></i>)", kind, from,
                     std::max(0.0, place_of(right, reach) - from));
}

std::string interval_cell(const ComparisonRow& row, const ComparisonReport& comparison,
                          double reach) {
  std::string cell = "<div class=\"interval\">";
  cell += box("band", -comparison.min_effect, comparison.min_effect, reach);
  cell += "<i class=\"zero\"></i>";
  if (!std::isnan(row.ci_low) && !std::isnan(row.ci_high))
    cell += box("bar", row.ci_low - 1, row.ci_high - 1, reach);
  if (std::isfinite(row.ratio))
    cell +=
        fmt::format(R"(<i class="dot" style="left:{:.2f}%"></i>)", place_of(row.ratio - 1, reach));
  return cell + "</div>";
}

std::string change_cell(const ComparisonRow& row) {
  std::string cell = escape_markup(format_change(row.ratio));
  if (std::isfinite(row.ci_low) && std::isfinite(row.ci_high))
    cell += fmt::format("<br><span class=\"quiet\">{} to {}</span>", format_change(row.ci_low),
                        format_change(row.ci_high));
  return cell;
}

/// Only known verdicts become a class.
std::string class_of(const std::string& verdict) {
  return *sign_of(verdict) == '?' ? "inconclusive" : verdict;
}

std::string row_html(const ComparisonRow& row, const ComparisonReport& comparison, double reach) {
  const std::string verdict = class_of(row.verdict);
  std::string html = fmt::format(
      "<tr><td>{}</td><td><span class=\"verdict {}\">{} {}</span><div "
      "class=\"reason\">{}</div></td>",
      escape_markup(metric_title(row.metric)), verdict, sign_of(row.verdict),
      row.verdict.empty() ? "not judged" : escape_markup(row.verdict), escape_markup(row.reason));
  html += fmt::format(
      "<td class=\"number\">{}</td><td class=\"bars verdict {}\">{}</td>"
      "<td class=\"number\">{}</td><td class=\"number\">{}</td>",
      change_cell(row), verdict, interval_cell(row, comparison, reach),
      escape_markup(format_figure(row.base, row.unit)),
      escape_markup(format_figure(row.head, row.unit)));
  return html + "</tr>\n";
}

/// Metrics that the verdict's line names; the table has them all.
constexpr std::size_t kNamedMetrics = 3;

/// "worse: TCP, 1 flow: throughput -4.9 %": the verdict, and which metrics it is of.
std::string verdict_line(const ComparisonReport& comparison) {
  std::string which;
  std::size_t count = 0;
  for (const ComparisonRow& row : comparison.rows) {
    if (row.verdict != comparison.verdict || comparison.verdict == "same") continue;
    if (++count <= kNamedMetrics)
      which += fmt::format("{}{} {}", which.empty() ? ": " : "; ", metric_title(row.metric),
                           format_change(row.ratio));
  }
  if (count > kNamedMetrics) which += fmt::format("; and {} more", count - kNamedMetrics);
  return fmt::format(
      "<h2>Compared with the base</h2>\n<p class=\"outcome verdict {}\">{} {}{}</p>\n",
      class_of(comparison.verdict), sign_of(comparison.verdict), escape_markup(comparison.verdict),
      escape_markup(which));
}

}  // namespace

std::string html_comparison(const ComparisonReport& comparison) {
  const double reach = reach_of(comparison);
  std::string html = "<section id=\"comparison\">\n" + verdict_line(comparison);
  html += fmt::format(
      "<p class=\"quiet\">Base: {}. Head: {}. Base and head are medians of all their samples. The "
      "change is that of neighbouring samples, pair by pair, so what slows both for a while counts "
      "in neither; it is what the verdict goes by. Bars are its {:g} % confidence interval; in the "
      "grey band (less than {:g} %) a difference counts as none.</p>\n",
      escape_markup(comparison.base_name), escape_markup(comparison.head_name),
      100 * comparison.confidence, 100 * comparison.min_effect);
  html += fmt::format(
      "<div class=\"table\"><table><thead><tr><th scope=\"col\">metric</th>"
      "<th scope=\"col\">verdict</th><th scope=\"col\" class=\"number\">change, paired</th>"
      "<th scope=\"col\" class=\"bars\"><div class=\"scale\"><span>{}</span><span>0</span>"
      "<span>{}</span></div></th><th scope=\"col\" class=\"number\">base</th>"
      "<th scope=\"col\" class=\"number\">head</th></tr></thead>\n<tbody>\n",
      fmt::format("-{:g} %", 100 * reach), fmt::format("+{:g} %", 100 * reach));
  for (const ComparisonRow& row : comparison.rows) html += row_html(row, comparison, reach);
  return html + "</tbody></table></div></section>\n";
}

}  // namespace tunrelay
