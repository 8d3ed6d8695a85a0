// SPDX-License-Identifier: MIT
// A comparison with a row of every verdict.
#pragma once

#include <limits>

#include "report/comparison.hpp"

namespace tunrelay::test {

inline ComparisonRow comparison_row(const char* metric, const char* unit, double base, double head,
                                    double low, double high, const char* verdict,
                                    const char* reason) {
  ComparisonRow row;
  row.metric = metric;
  row.unit = unit;
  row.base = base;
  row.head = head;
  row.ratio = head / base;
  row.ci_low = low;
  row.ci_high = high;
  row.p = 0.00012;
  row.verdict = verdict;
  row.reason = reason;
  return row;
}

inline ComparisonReport sample_comparison() {
  ComparisonReport report;
  report.base_name = "v0.1.0 <285829c>";
  report.head_name = "main";
  report.min_effect = 0.02;
  report.verdict = "worse";
  report.rows = {
      comparison_row("tcp_1_flow/throughput", "bits_per_s", 27.1e9, 27.0e9, 0.985, 1.004, "same",
                     "the interval lies within 2 %"),
      comparison_row("udp_64/throughput", "packets_per_s", 195e3, 206e3, 1.041, 1.061, "better",
                     "5.6 % more"),
      comparison_row("udp_64/cpu", "ns_per_packet", 1710, 1930, 1.09, 1.17, "worse",
                     "13 % more a packet & rising"),
      comparison_row("idle/round_trip_p50", "ns", 12300, 12700, 0.95,
                     std::numeric_limits<double>::infinity(), "inconclusive", "too few rounds"),
      comparison_row("idle/wakeups", "wakeups_per_s", 100, 200, 1.9, 2.1, "", "")};
  ComparisonRow gone;
  gone.metric = "tcp_4_flows/throughput";
  gone.unit = "bits_per_s";
  gone.base = 25e9;
  gone.verdict = "inconclusive";
  gone.reason = "it is not measured any more";
  report.rows.push_back(gone);
  return report;
}

}  // namespace tunrelay::test
