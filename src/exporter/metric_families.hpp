// SPDX-License-Identifier: MIT
// A tunnel's report as metrics, named by the conventions
// (https://prometheus.io/docs/practices/naming): the prefix tunrelay_, seconds and bytes, _total
// for what only grows. It counts nothing: each figure is the report's own. Of a link that was
// changed its stages' counters begin again at 0, which Prometheus' rate() and increase() expect of
// a counter.
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// Flows that have series of their own: the largest by bytes. Each is a series of every metric for
/// as long as it is one of them, which a Prometheus server keeps for weeks.
inline constexpr std::size_t kFlowsInMetrics = 10;

/// What a report does not say.
struct MetricsContext {
  std::string version;                       ///< of the program
  std::int64_t ready_unix_ns = 0;            ///< when the tunnel was ready, since 1970
  std::vector<std::uint64_t> worker_cpu_ns;  ///< by queue
};

/// Of REPORT now; the workers must still be alive, since their threads are asked.
[[nodiscard]] MetricsContext metrics_context_of(const TunnelReport& report);

[[nodiscard]] std::vector<prometheus::MetricFamily> metric_families(const TunnelReport& report,
                                                                    const MetricsContext& context);

}  // namespace tunrelay
