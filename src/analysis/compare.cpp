// SPDX-License-Identifier: MIT
#include "analysis/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "analysis/holm.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

Effect effect_of(const Matched& matched, const JudgeOptions& options) {
  return matched.basis == Basis::kPairedRounds
             ? paired_effect(matched.base, matched.head, options.confidence)
             : unpaired_effect(matched.base, matched.head, options.confidence);
}

std::optional<double> median_if_any(const Metric& metric, std::string_view path) {
  const std::vector<double> values = valid_values(metric, path);
  if (values.empty()) return std::nullopt;
  return median_of(values);
}

MetricComparison begin_comparison(const Metric& metric) {
  MetricComparison comparison;
  comparison.metric = metric.name;
  comparison.unit = metric.unit;
  comparison.better = metric.better;
  return comparison;
}

void set_effect(MetricComparison& comparison, const Matched& matched, const JudgeOptions& options) {
  comparison.basis = matched.basis;
  if (!matched.base.empty() && !matched.head.empty())
    comparison.effect = effect_of(matched, options);
}

/// The text for a metric without an effect, unless it has one already.
void judge_missing(MetricComparison& comparison) {
  if (!comparison.reason.empty()) return;
  comparison.reason =
      !comparison.base_median && !comparison.head_median
          ? "no sample of either side counts"
          : fmt::format("{} has no sample that counts", comparison.base_median ? "head" : "base");
  if (comparison.better != Better::kNeither) comparison.verdict = Verdict::kInconclusive;
}

Verdict overall_of(const Comparison& comparison) {
  std::vector<Verdict> verdicts;
  for (const MetricComparison& metric : comparison.metrics)
    if (metric.verdict) verdicts.push_back(*metric.verdict);
  return overall(verdicts);
}

MetricComparison* find(Comparison& comparison, std::string_view metric) {
  const auto found = std::find_if(comparison.metrics.begin(), comparison.metrics.end(),
                                  [&](const auto& other) { return other.metric == metric; });
  return found == comparison.metrics.end() ? nullptr : &*found;
}

void judge(Comparison& comparison) {
  std::vector<MetricComparison*> judged;
  std::vector<double> p_values;
  for (MetricComparison& metric : comparison.metrics) {
    if (!metric.effect) {
      judge_missing(metric);
    } else if (metric.better == Better::kNeither) {
      metric.reason = "neither more nor less of it is better";
    } else {
      judged.push_back(&metric);
      p_values.push_back(metric.effect->p);
    }
  }
  const std::vector<double> corrected = holm_corrected(p_values);
  for (std::size_t i = 0; i < judged.size(); ++i) {
    MetricComparison& metric = *judged[i];
    metric.corrected_p = corrected[i];
    metric.verdict = decide(*metric.effect, corrected[i], metric.better, comparison.options);
    metric.reason =
        explain(*metric.effect, corrected[i], *metric.verdict, judged.size(), comparison.options);
  }
  comparison.verdict = overall_of(comparison);
}

MetricComparison compare_metric(const Metric& base, const Metric* head,
                                const JudgeOptions& options) {
  MetricComparison comparison = begin_comparison(base);
  comparison.base_median = median_if_any(base, kSubject);
  if (head == nullptr) return comparison;
  comparison.head_median = median_if_any(*head, kSubject);
  if (base.unit != head->unit || base.better != head->better) {
    comparison.verdict = Verdict::kInconclusive;
    comparison.reason = fmt::format("base and head differ in its {}",
                                    base.unit != head->unit ? "unit" : "better direction");
    return comparison;
  }
  set_effect(comparison, match_results(base, *head, options.use_control), options);
  const std::vector<double> base_control = valid_values(base, kControl);
  const std::vector<double> head_control = valid_values(*head, kControl);
  if (!base_control.empty() && !head_control.empty())
    comparison.control = unpaired_effect(base_control, head_control, options.confidence);
  return comparison;
}

}  // namespace

void settle_by_witnesses(Comparison& comparison, std::span<const Witness> witnesses) {
  JudgeOptions wider = comparison.options;
  wider.min_effect *= 2;
  for (const Witness& witness : witnesses) {
    MetricComparison* metric = find(comparison, witness.metric);
    const MetricComparison* by = find(comparison, witness.by);
    if (metric == nullptr || metric->verdict != Verdict::kInconclusive || !metric->effect) continue;
    if (by == nullptr || by->verdict != Verdict::kSame) continue;
    const Effect& effect = *metric->effect;
    if (effect.low > 0 || effect.high < 0 || !lies_within_bounds(effect, wider)) continue;
    metric->verdict = Verdict::kSame;
    metric->reason =
        fmt::format("no change is seen, the {:g} % interval lies within {:g} %, and {} is the same",
                    wider.confidence * 100, wider.min_effect * 100, witness.by);
  }
  comparison.verdict = overall_of(comparison);
}

Comparison compare_results(const Result& base, const Result& head, const JudgeOptions& options) {
  check_options(options);
  Comparison comparison;
  comparison.options = options;
  for (const Metric& metric : base.metrics)
    comparison.metrics.push_back(compare_metric(metric, head.find_metric(metric.name), options));
  for (const Metric& metric : head.metrics) {
    if (base.find_metric(metric.name) != nullptr) continue;
    comparison.metrics.push_back(begin_comparison(metric));
    comparison.metrics.back().head_median = median_if_any(metric, kSubject);
    comparison.metrics.back().reason = "base does not have this metric";
  }
  judge(comparison);
  return comparison;
}

Comparison compare_paths(const Result& result, const JudgeOptions& options,
                         std::string_view base_path, std::string_view head_path) {
  check_options(options);
  Comparison comparison;
  comparison.options = options;
  for (const Metric& metric : result.metrics) {
    const bool is_measured = std::any_of(
        metric.samples.begin(), metric.samples.end(),
        [&](const Sample& sample) { return sample.path == base_path || sample.path == head_path; });
    if (!is_measured) continue;
    comparison.metrics.push_back(begin_comparison(metric));
    comparison.metrics.back().base_median = median_if_any(metric, base_path);
    comparison.metrics.back().head_median = median_if_any(metric, head_path);
    set_effect(comparison.metrics.back(), match_paths(metric, base_path, head_path), options);
  }
  judge(comparison);
  return comparison;
}

}  // namespace tunrelay
