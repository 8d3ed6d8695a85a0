// SPDX-License-Identifier: MIT
#include "report/loads.hpp"

#include <algorithm>

#include "report/metric_titles.hpp"

namespace tunrelay {

const Metric* Load::find(std::string_view measure) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric* metric) {
    return split_metric_name(metric->name).measure == measure;
  });
  return found == metrics.end() ? nullptr : *found;
}

std::vector<Load> loads_of(const Result& result) {
  std::vector<Load> loads;
  for (const Metric& metric : result.metrics) {
    const std::string name = split_metric_name(metric.name).load;
    auto load = std::find_if(loads.begin(), loads.end(),
                             [&name](const Load& one) { return one.name == name; });
    if (load == loads.end()) load = loads.insert(load, {name, {}});
    load->metrics.push_back(&metric);
  }
  return loads;
}

}  // namespace tunrelay
