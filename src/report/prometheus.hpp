// SPDX-License-Identifier: MIT
// A result in Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats):
// for node_exporter's textfile collector, or a push gateway. Pure, for any thread.
#pragma once

#include <string>

#include "result/result.hpp"

namespace tunrelay {

/// Gauges with the median, lowest and highest value of each metric and path, a summary for each
/// distribution, of a merged result the medians of each machine, and what the run was. Base units
/// as Prometheus has them: seconds and bytes.
[[nodiscard]] std::string prometheus_text(const Result& result);

}  // namespace tunrelay
