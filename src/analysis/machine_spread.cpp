// SPDX-License-Identifier: MIT
#include "analysis/machine_spread.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/quantiles.hpp"
#include "result/origin.hpp"
#include "result/test_path_summary.hpp"

namespace tunrelay {
namespace {

double ratio_to(double value, double median) {
  return median == 0 ? std::numeric_limits<double>::quiet_NaN() : value / std::abs(median);
}

MachineSpread spread_of(const Metric& metric, const std::string& path,
                        const std::vector<MachineResult>& machines) {
  MachineSpread spread{.metric = metric.name,
                       .unit = metric.unit,
                       .path = path,
                       .machines = 0,
                       .lowest_machine = {},
                       .highest_machine = {}};
  std::vector<double> medians;
  std::vector<double> spreads;
  for (const MachineResult& machine : machines) {
    const Metric* own = machine.result.find_metric(metric.name);
    const std::vector<double> values =
        own == nullptr ? std::vector<double>() : valid_values(*own, path);
    if (values.empty()) continue;
    const double median = median_of(values);
    if (medians.empty() || median < spread.lowest) {
      spread.lowest = median;
      spread.lowest_machine = machine.machine;
    }
    if (medians.empty() || median > spread.highest) {
      spread.highest = median;
      spread.highest_machine = machine.machine;
    }
    medians.push_back(median);
    if (values.size() > 1) spreads.push_back(robust_spread(values));
  }
  spread.machines = medians.size();
  if (medians.empty()) return spread;
  spread.median = median_of(medians);
  spread.between = ratio_to(robust_spread(medians), spread.median);
  spread.within = ratio_to(median_of(spreads), spread.median);
  return spread;
}

}  // namespace

std::vector<MachineSpread> machine_spreads(const Result& result) {
  const std::vector<MachineResult> machines = split_by_machine(result);
  std::vector<MachineSpread> spreads;
  if (machines.size() < 2) return spreads;
  for (const Metric& metric : result.metrics)
    for (const std::string& path : paths_of(metric)) {
      MachineSpread spread = spread_of(metric, path, machines);
      if (spread.machines > 1) spreads.push_back(std::move(spread));
    }
  return spreads;
}

}  // namespace tunrelay
