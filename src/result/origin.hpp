// SPDX-License-Identifier: MIT
// Where the samples of a result come from: of which run, and on which machine. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "result/result.hpp"

namespace tunrelay {

/// Names RESULT's machine: its environment's `machine_name`, and in `machine_id` what stands for
/// that name. For machines that don't have an id of their own: containers.
void name_machine(Result& result, std::string_view name);

/// As people know it: `machine_name` of ENVIRONMENT, else the beginning of `machine_id`, else
/// "unknown".
[[nodiscard]] std::string machine_of(const nlohmann::json& environment);

/// The runs that RESULT, merged or not, was made of, each as a result of its own again: with its
/// samples, in its own rounds, what was asked and done, environment and floor. Their distributions
/// and series are not among it: merged, they belong to no run alone. RESULT without origins is its
/// only run.
[[nodiscard]] std::vector<Result> runs_of(const Result& result);

/// What RESULT is as a run: with all that it asked, did and ran in. Not for one with origins.
[[nodiscard]] Origin origin_of(const Result& result);

/// The samples of one machine, all its runs together.
struct MachineResult {
  std::string machine;
  /// started_utc is the earliest of its runs, the environment that of the first run; without
  /// distributions, series, origins.
  Result result;
};

/// By machine, in the order of first appearance. Nothing for a result without origins.
[[nodiscard]] std::vector<MachineResult> split_by_machine(const Result& result);

}  // namespace tunrelay
