// SPDX-License-Identifier: MIT
// Metric families as they are filled, sample by sample; a family stands where its first sample was
// added.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/tally.hpp"
#include "flow/rtt_series.hpp"
#include "metrics/histogram.hpp"

namespace tunrelay {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

/// LABELS and one more.
[[nodiscard]] MetricLabels with(MetricLabels labels, std::string name, std::string value);

class FamilyList {
 public:
  /// NAME ends with "_total". A sample that is there already, with the same labels, becomes the
  /// sum.
  void counter(const std::string& name, const char* help, const MetricLabels& labels, double value);
  void gauge(const std::string& name, const char* help, const MetricLabels& labels, double value);
  /// PREFIX_packets_total, _wire_segments_total and _bytes_total; WHAT: "read from the device".
  void tally_counters(const std::string& prefix, const std::string& what,
                      const MetricLabels& labels, const Tally& tally);
  /// PREFIX_packets, _wire_segments and _bytes.
  void tally_gauges(const std::string& prefix, const std::string& what, const MetricLabels& labels,
                    const Tally& tally);
  /// Of times in ns, in buckets from 10 us to 10 s; their bounds hold to a thousandth.
  void histogram(const std::string& name, const char* help, const MetricLabels& labels,
                 const Histogram& times_ns);
  /// A summary with p50, p95 and p99. A sample that is there already stays.
  void summary(const std::string& name, const char* help, const MetricLabels& labels,
               const RttSeries& times_ns);

  [[nodiscard]] std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

 private:
  struct Sample {
    prometheus::ClientMetric& metric;
    bool is_new = true;
  };
  Sample sample(const std::string& name, const std::string& help, prometheus::MetricType type,
                const MetricLabels& labels);

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace tunrelay
