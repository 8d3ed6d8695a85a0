// SPDX-License-Identifier: MIT
#include "report/html_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/figure.hpp"
#include "report/escape.hpp"

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

std::string row_html(const ComparisonRow& row, const ComparisonReport& comparison, double reach) {
  // Only known verdicts become a class.
  const std::string verdict = *sign_of(row.verdict) == '?' ? "inconclusive" : row.verdict;
  std::string html = fmt::format(
      "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
      "<td class=\"number\">{}</td><td class=\"bars verdict {}\">{}</td>",
      escape_markup(row.metric), escape_markup(format_figure(row.base, row.unit)),
      escape_markup(format_figure(row.head, row.unit)), change_cell(row), verdict,
      interval_cell(row, comparison, reach));
  html += fmt::format(
      "<td><span class=\"verdict {}\">{} {}</span><div class=\"reason\">{}</div></td>", verdict,
      sign_of(row.verdict), row.verdict.empty() ? "not judged" : escape_markup(row.verdict),
      escape_markup(row.reason));
  return html + "</tr>\n";
}

}  // namespace

std::string html_comparison(const ComparisonReport& comparison) {
  const double reach = reach_of(comparison);
  std::string html = fmt::format(
      "<section id=\"comparison\"><h2>Comparison with the baseline: {}</h2>\n"
      "<p class=\"quiet\">Base: {}. Head: {}. Bars are {:g} % confidence intervals of the change; "
      "in "
      "the grey band (less than {:g} %) a difference counts as none.</p>\n",
      escape_markup(comparison.verdict), escape_markup(comparison.base_name),
      escape_markup(comparison.head_name), 100 * comparison.confidence,
      100 * comparison.min_effect);
  html += fmt::format(
      "<div class=\"table\"><table><thead><tr><th scope=\"col\">metric</th>"
      "<th scope=\"col\" class=\"number\">base</th><th scope=\"col\" class=\"number\">head</th>"
      "<th scope=\"col\" class=\"number\">change</th><th scope=\"col\" class=\"bars\">"
      "<div class=\"scale\"><span>{}</span><span>0</span><span>{}</span></div></th>"
      "<th scope=\"col\">verdict</th></tr></thead>\n<tbody>\n",
      fmt::format("-{:g} %", 100 * reach), fmt::format("+{:g} %", 100 * reach));
  for (const ComparisonRow& row : comparison.rows) html += row_html(row, comparison, reach);
  return html + "</tbody></table></div></section>\n";
}

}  // namespace tunrelay
