// SPDX-License-Identifier: MIT
// Metrics as text: Prometheus' own exposition format, which prometheus-cpp writes, and OpenMetrics
// (https://prometheus.io/docs/specs/om/open_metrics_spec), which differs from it in three points.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace tunrelay {

enum class ExpositionFormat { kPrometheus, kOpenMetrics };

/// What a scraper takes, by the Accept header of its request.
[[nodiscard]] ExpositionFormat exposition_format_for(std::string_view accept) noexcept;
[[nodiscard]] const char* content_type_of(ExpositionFormat format) noexcept;

/// FAMILIES: names of counters end with "_total".
[[nodiscard]] std::string exposition_text(const std::vector<prometheus::MetricFamily>& families,
                                          ExpositionFormat format);

}  // namespace tunrelay
