// SPDX-License-Identifier: MIT
#include "exporter/exposition.hpp"

#include <prometheus/text_serializer.h>

namespace tunrelay {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kAboutPrefix = "# ";
constexpr std::size_t kAboutBytes = std::string_view("# TYPE ").size();

/// A counter's family is named without "_total", its samples with it; and the text has an end.
std::string to_open_metrics(std::string_view text) {
  std::string open_metrics;
  open_metrics.reserve(text.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n') + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const std::size_t name_end = line.find(' ', kAboutBytes);
    if (line.starts_with(kAboutPrefix) && name_end != std::string_view::npos &&
        line.substr(0, name_end).ends_with(kTotal)) {
      open_metrics += line.substr(0, name_end - kTotal.size());
      open_metrics += line.substr(name_end);
    } else {
      open_metrics += line;
    }
  }
  return open_metrics + "# EOF\n";
}

}  // namespace

ExpositionFormat exposition_format_for(std::string_view accept) noexcept {
  return accept.find("application/openmetrics-text") == std::string_view::npos
             ? ExpositionFormat::kPrometheus
             : ExpositionFormat::kOpenMetrics;
}

const char* content_type_of(ExpositionFormat format) noexcept {
  return format == ExpositionFormat::kPrometheus
             ? "text/plain; version=0.0.4; charset=utf-8"
             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string exposition_text(const std::vector<prometheus::MetricFamily>& families,
                            ExpositionFormat format) {
  std::string text = prometheus::TextSerializer().Serialize(families);
  return format == ExpositionFormat::kPrometheus ? text : to_open_metrics(text);
}

}  // namespace tunrelay
