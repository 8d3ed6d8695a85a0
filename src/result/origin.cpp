// SPDX-License-Identifier: MIT
#include "result/origin.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/json_text.hpp"
#include "result/result_json.hpp"
#include "result/sha256.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

/// As result/environment.cpp makes machine_id, and as long.
constexpr std::size_t kMachineIdLength = 32;
/// What is shown of one without a name.
constexpr std::size_t kShownIdLength = 12;

/// The members of COMMON and of OWN.
json all_members(const json& common, const json& own) {
  if (!common.is_object()) return own;
  json all = common;
  if (own.is_object()) all.update(own);
  return all;
}

Result run_of(const Result& result, const Origin& origin) {
  Result run;
  run.suite = result.suite;
  run.title = origin.title;
  run.started_utc = origin.started_utc;
  run.duration_s = origin.duration_s;
  run.seed = origin.seed;
  run.complete = origin.complete;
  run.asked = all_members(result.asked, origin.asked);
  run.done = all_members(result.done, origin.done);
  run.environment = all_members(result.environment, origin.environment);
  run.floor = origin.floor;
  return run;
}

}  // namespace

void name_machine(Result& result, std::string_view name) {
  if (!result.environment.is_object()) result.environment = json::object();
  result.environment["machine_name"] = name;
  result.environment["machine_id"] =
      sha256_hex("tunrelay machine " + std::string(name)).substr(0, kMachineIdLength);
}

std::string machine_of(const json& environment) {
  std::string name = text_member(environment, "machine_name");
  if (name.empty()) name = text_member(environment, "machine_id").substr(0, kShownIdLength);
  return name.empty() ? "unknown" : name;
}

std::vector<Result> runs_of(const Result& result) {
  std::vector<Result> runs;
  if (result.origins.empty()) {
    runs.push_back(result);
    runs.back().distributions.clear();
    runs.back().series.clear();
    return runs;
  }
  for (const Origin& origin : result.origins) runs.push_back(run_of(result, origin));
  for (const Metric& metric : result.metrics)
    for (const Sample& sample : metric.samples) {
      Metric& own = runs[sample.origin].metric(metric.name, metric.unit, metric.better);
      own.samples.push_back(sample);
      own.samples.back().round -= std::min(sample.round, result.origins[sample.origin].first_round);
      own.samples.back().origin = 0;
    }
  return runs;
}

Origin origin_of(const Result& result) {
  return {.run = sha256_hex(result_text(result)),
          .machine = machine_of(result.environment),
          .title = result.title,
          .started_utc = result.started_utc,
          .duration_s = result.duration_s,
          .seed = result.seed,
          .complete = result.complete,
          .first_round = 0,
          .asked = result.asked,
          .done = result.done,
          .environment = result.environment,
          .floor = result.floor};
}

std::vector<MachineResult> split_by_machine(const Result& result) {
  std::vector<MachineResult> machines;
  if (result.origins.empty()) return machines;
  std::map<std::string, std::size_t> places;
  std::vector<std::size_t> place_of;  // of each origin
  for (const Origin& origin : result.origins) {
    Result run = run_of(result, origin);
    const auto [found, is_new] = places.try_emplace(origin.machine, machines.size());
    place_of.push_back(found->second);
    if (is_new) {
      machines.push_back({.machine = origin.machine, .result = std::move(run)});
      continue;
    }
    Result& known = machines[found->second].result;
    known.duration_s += run.duration_s;
    known.complete = known.complete && run.complete;
    if (run.started_utc < known.started_utc) known.started_utc = run.started_utc;
  }
  for (const Metric& metric : result.metrics)
    for (const Sample& sample : metric.samples)
      machines.at(place_of.at(sample.origin))
          .result.metric(metric.name, metric.unit, metric.better)
          .samples.push_back(sample);
  for (MachineResult& one : machines) one.result.title = result.title;
  return machines;
}

}  // namespace tunrelay
