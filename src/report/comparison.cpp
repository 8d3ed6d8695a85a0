// SPDX-License-Identifier: MIT
#include "report/comparison.hpp"

#include <utility>

namespace tunrelay {
namespace {

ComparisonRow row_of(const MetricComparison& metric) {
  ComparisonRow row;
  row.metric = metric.metric;
  row.unit = metric.unit;
  row.base = metric.base_median.value_or(ComparisonRow::kNone);
  row.head = metric.head_median.value_or(ComparisonRow::kNone);
  if (metric.effect) {
    row.ratio = 1 + metric.effect->change;
    row.ci_low = 1 + metric.effect->low;
    row.ci_high = 1 + metric.effect->high;
    row.p = metric.corrected_p;
  }
  if (metric.verdict) row.verdict = name_of(*metric.verdict);
  row.reason = metric.reason;
  return row;
}

}  // namespace

ComparisonReport comparison_report(const Comparison& comparison, std::string base_name,
                                   std::string head_name) {
  ComparisonReport report;
  report.base_name = std::move(base_name);
  report.head_name = std::move(head_name);
  report.min_effect = comparison.options.min_effect;
  report.confidence = comparison.options.confidence;
  report.verdict = name_of(comparison.verdict);
  for (const MetricComparison& metric : comparison.metrics) report.rows.push_back(row_of(metric));
  return report;
}

const char* sign_of(const std::string& verdict) noexcept {
  if (verdict == "better") return "+";
  if (verdict == "worse") return "!";
  if (verdict == "same") return "=";
  return verdict.empty() ? "" : "?";
}

}  // namespace tunrelay
