// SPDX-License-Identifier: MIT
#include "result/result_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/json_text.hpp"
#include "metrics/hdr_encoding.hpp"
#include "metrics/percentiles.hpp"
#include "os/whole_file.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

ordered_json sample_json(const Sample& sample, bool has_origins) {
  ordered_json object{{"path", sample.path},
                      {"round", sample.round},
                      {"value", json_number(sample.value)},
                      {"at_s", json_number(sample.at_s)}};
  if (has_origins) object["origin"] = sample.origin;
  if (!sample.invalid_reason.empty()) object["invalid_reason"] = sample.invalid_reason;
  return object;
}

ordered_json metric_json(const Metric& metric, bool has_origins) {
  ordered_json summary = ordered_json::array();
  const std::string reference = reference_path(metric);
  for (const TestPathSummary& path : summarise(metric)) {
    ordered_json row{{"path", path.path},
                     {"valid", path.valid},
                     {"invalid", path.invalid},
                     {"median", json_number(path.median)},
                     {"lowest", json_number(path.lowest)},
                     {"highest", json_number(path.highest)}};
    if (std::isfinite(path.ratio)) row["ratio_to_" + reference] = path.ratio;
    summary.push_back(std::move(row));
  }
  ordered_json samples = ordered_json::array();
  for (const Sample& sample : metric.samples) samples.push_back(sample_json(sample, has_origins));
  return {{"name", metric.name},
          {"unit", metric.unit},
          {"better", name_of(metric.better)},
          {"summary", std::move(summary)},
          {"samples", std::move(samples)}};
}

ordered_json distribution_json(const Distribution& distribution) {
  const Histogram& histogram = distribution.histogram;
  ordered_json percentiles = ordered_json::array();
  for (const PercentileRow& row : percentile_rows(histogram))
    percentiles.push_back(
        {{"percentile", row.percentile}, {"value_ns", row.value_ns}, {"count", row.count_up_to}});
  return {{"name", distribution.name},
          {"path", distribution.path},
          {"start_s", json_number(distribution.start_s)},
          {"interval_s", json_number(distribution.interval_s)},
          {"count", histogram.count()},
          {"lowest_ns", histogram.lowest()},
          {"highest_ns", histogram.highest()},
          {"mean_ns", json_number(histogram.mean())},
          {"standard_deviation_ns", json_number(histogram.standard_deviation())},
          {"percentiles", std::move(percentiles)},
          {"histogram", encode_histogram(histogram)}};
}

ordered_json series_json(const Series& series) {
  ordered_json values = ordered_json::array();
  for (const double value : series.values) values.push_back(json_number(value));
  return {{"name", series.name},
          {"unit", series.unit},
          {"path", series.path},
          {"start_s", json_number(series.start_s)},
          {"interval_s", json_number(series.interval_s)},
          {"values", std::move(values)}};
}

ordered_json origin_json(const Origin& origin) {
  return {{"run", origin.run},
          {"machine", origin.machine},
          {"title", origin.title},
          {"started_utc", origin.started_utc},
          {"duration_s", json_number(origin.duration_s)},
          {"seed", origin.seed},
          {"complete", origin.complete},
          {"first_round", origin.first_round},
          {"asked", origin.asked},
          {"done", origin.done},
          {"environment", origin.environment},
          {"floor", origin.floor}};
}

template <typename Part>
ordered_json list(const std::vector<Part>& parts, ordered_json (*to_json)(const Part&)) {
  ordered_json array = ordered_json::array();
  for (const Part& part : parts) array.push_back(to_json(part));
  return array;
}

}  // namespace

ordered_json json_number(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json();
}

ordered_json to_json_result(const Result& result) {
  ordered_json metrics = ordered_json::array();
  for (const Metric& metric : result.metrics)
    metrics.push_back(metric_json(metric, !result.origins.empty()));
  ordered_json json{{"format", kResultFormat},
                    {"version", Result::kVersion},
                    {"suite", result.suite},
                    {"title", result.title},
                    {"started_utc", result.started_utc},
                    {"duration_s", json_number(result.duration_s)},
                    {"seed", result.seed},
                    {"complete", result.complete},
                    {"asked", result.asked},
                    {"done", result.done},
                    {"environment", result.environment},
                    {"floor", result.floor},
                    {"metrics", std::move(metrics)},
                    {"distributions", list(result.distributions, distribution_json)},
                    {"series", list(result.series, series_json)},
                    {"notes", result.notes}};
  if (!result.origins.empty()) json["origins"] = list(result.origins, origin_json);
  return json;
}

std::string result_text(const Result& result) {
  return json_text(to_json_result(result), 1) + "\n";
}

void write_result(const std::string& path, const Result& result) {
  replace_file(path, result_text(result));
}

ResultFile::ResultFile(std::string path)
    : path_(std::move(path)), is_kept_(keeps_last_text_alone(path_)) {
  check_replaceable(path_);
}

void ResultFile::save(const Result& result) {
  write_result(path_, result);
}

void ResultFile::save_or_report(const Result& result,
                                const std::function<void(const Error&)>& report) {
  if (!is_kept_) return;
  news_.attempt([&] { save(result); }, report);
}

}  // namespace tunrelay
