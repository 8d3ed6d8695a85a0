// SPDX-License-Identifier: MIT
#include "report/machine_tables.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/machine_spread.hpp"
#include "base/figure.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "result/origin.hpp"

namespace tunrelay {
namespace {

std::string shown_text(const nlohmann::json& environment, const char* key) {
  if (!environment.is_object() || !environment.contains(key) || environment[key].is_null())
    return "-";
  return bare_text(environment[key]);
}

std::string percent(double ratio) {
  return std::isnan(ratio) ? "-" : fmt::format("{:.1f} %", 100 * ratio);
}

/// "27.10 Gbit/s (node-7)".
std::string figure_of(double value, const std::string& unit, const std::string& machine) {
  return fmt::format("{} ({})", format_figure(value, unit), machine);
}

}  // namespace

TextTable machines_table(const Result& result) {
  TextTable table{.columns = {{"machine"},
                              {"processor", false, 2},
                              {"CPUs", true, 1},
                              {"kernel"},
                              {"runs", true},
                              {"samples", true}},
                  .rows = {}};
  std::map<std::string, std::uint64_t> runs;
  for (const Origin& origin : result.origins) ++runs[origin.machine];
  for (const MachineResult& one : split_by_machine(result)) {
    std::uint64_t samples = 0;
    for (const Metric& metric : one.result.metrics)
      for (const Sample& sample : metric.samples) samples += counts(sample) ? 1U : 0U;
    const nlohmann::json& environment = one.result.environment;
    table.add({one.machine, shown_text(environment, "processor"), shown_text(environment, "cpus"),
               shown_text(environment, "kernel"), format_count(runs[one.machine]),
               format_count(samples)});
  }
  return table;
}

TextTable machine_spread_table(const Result& result) {
  TextTable table{.columns = {{"spread between machines"},
                              {"path"},
                              {"machines", true, 2},
                              {"median", true},
                              {"lowest", true, 1},
                              {"highest", true, 1},
                              {"between", true},
                              {"within one", true}},
                  .rows = {}};
  std::string before;
  for (const MachineSpread& spread : machine_spreads(result)) {
    const bool again = spread.metric == before;
    before = spread.metric;
    table.add({again ? "" : spread.metric, spread.path, format_count(spread.machines),
               format_figure(spread.median, spread.unit),
               figure_of(spread.lowest, spread.unit, spread.lowest_machine),
               figure_of(spread.highest, spread.unit, spread.highest_machine),
               percent(spread.between), percent(spread.within)});
  }
  return table;
}

}  // namespace tunrelay
