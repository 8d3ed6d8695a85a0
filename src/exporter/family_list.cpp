// SPDX-License-Identifier: MIT
#include "exporter/family_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr auto kSecondNs = static_cast<double>(kNanosecondsPerSecond);

/// Upper bounds: 1, 2.5 and 5 of each decade.
constexpr std::array<std::int64_t, 19> kBucketsNs{
    10'000,        25'000,        50'000,        100'000,       250'000,
    500'000,       1'000'000,     2'500'000,     5'000'000,     10'000'000,
    25'000'000,    50'000'000,    100'000'000,   250'000'000,   500'000'000,
    1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

}  // namespace

MetricLabels with(MetricLabels labels, std::string name, std::string value) {
  labels.push_back({std::move(name), std::move(value)});
  return labels;
}

FamilyList::Sample FamilyList::sample(const std::string& name, const std::string& help,
                                      MetricType type, const MetricLabels& labels) {
  const auto [place, is_new_family] = places_.try_emplace(name, families_.size());
  if (is_new_family) families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
  std::vector<ClientMetric>& samples = families_.at(place->second).metric;
  const auto found =
      std::find_if(samples.begin(), samples.end(),
                   [&labels](const ClientMetric& metric) { return metric.label == labels; });
  if (found != samples.end()) return {*found, false};
  ClientMetric& metric = samples.emplace_back();
  metric.label = labels;
  return {metric, true};
}

void FamilyList::counter(const std::string& name, const char* help, const MetricLabels& labels,
                         double value) {
  sample(name, help, MetricType::Counter, labels).metric.counter.value += value;
}

void FamilyList::gauge(const std::string& name, const char* help, const MetricLabels& labels,
                       double value) {
  sample(name, help, MetricType::Gauge, labels).metric.gauge.value = value;
}

void FamilyList::tally_counters(const std::string& prefix, const std::string& what,
                                const MetricLabels& labels, const Tally& tally) {
  counter(prefix + "_packets_total", ("Packets " + what + "; a super-packet is one.").c_str(),
          labels, static_cast<double>(tally.packets));
  counter(prefix + "_wire_segments_total", ("Wire segments " + what + ".").c_str(), labels,
          static_cast<double>(tally.segments));
  counter(prefix + "_bytes_total", ("Bytes " + what + ".").c_str(), labels,
          static_cast<double>(tally.bytes));
}

void FamilyList::tally_gauges(const std::string& prefix, const std::string& what,
                              const MetricLabels& labels, const Tally& tally) {
  gauge(prefix + "_packets", ("Packets " + what + "; a super-packet is one.").c_str(), labels,
        static_cast<double>(tally.packets));
  gauge(prefix + "_wire_segments", ("Wire segments " + what + ".").c_str(), labels,
        static_cast<double>(tally.segments));
  gauge(prefix + "_bytes", ("Bytes " + what + ".").c_str(), labels,
        static_cast<double>(tally.bytes));
}

void FamilyList::histogram(const std::string& name, const char* help, const MetricLabels& labels,
                           const Histogram& times_ns) {
  ClientMetric::Histogram& into =
      sample(name, help, MetricType::Histogram, labels).metric.histogram;
  into.sample_count = times_ns.count();
  into.sample_sum = times_ns.mean() * static_cast<double>(times_ns.count()) / kSecondNs;
  for (const std::int64_t bound_ns : kBucketsNs)
    into.bucket.push_back({.cumulative_count = times_ns.count_up_to(bound_ns),
                           .upper_bound = static_cast<double>(bound_ns) / kSecondNs});
}

void FamilyList::summary(const std::string& name, const char* help, const MetricLabels& labels,
                         const RttSeries& times_ns) {
  const Sample to = sample(name, help, MetricType::Summary, labels);
  if (!to.is_new) return;
  ClientMetric::Summary& into = to.metric.summary;
  into.sample_count = times_ns.summary.count.get();
  into.sample_sum = static_cast<double>(times_ns.summary.sum_ns.get()) / kSecondNs;
  for (const double quantile : {0.5, 0.95, 0.99})
    into.quantile.push_back(
        {.quantile = quantile, .value = times_ns.quantile_ns(quantile) / kSecondNs});
}

}  // namespace tunrelay
