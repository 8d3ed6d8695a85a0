// SPDX-License-Identifier: MIT
#include "suite/campaign.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "suite/trial_result.hpp"

namespace tunrelay {

Campaign::Campaign(const std::vector<TestPathSpec>& paths, Result& result, Hooks hooks)
    : result_(result),
      hooks_(std::move(hooks)),
      // A result that has samples already is gone on with.
      begin_ns_(monotonic_ns() - static_cast<std::int64_t>(result.duration_s * 1e9)) {
  for (const TestPathSpec& spec : paths) paths_.push_back(std::make_unique<TestPathHost>(spec));
  for (const auto& path : paths_) {
    path->wait_until_ready();
    result_.done["links"][path->spec().name] = path->description();
  }
}

double Campaign::elapsed_s() const noexcept {
  return static_cast<double>(monotonic_ns() - begin_ns_) / 1e9;
}

TestPathHost& Campaign::path(std::string_view name) {
  for (const auto& path : paths_)
    if (path->spec().name == name) return *path;
  throw_usage_error("measure", "the path '" + std::string(name) + "'", "there is none");
}

bool Campaign::run_round(const std::vector<LoadCase>& loads, std::uint32_t round) {
  for (const LoadCase& load : loads)
    for (std::size_t at = 0; at < paths_.size(); ++at) {
      if (is_stopped()) return false;
      sample(*paths_[round % 2 == 0 ? at : paths_.size() - 1 - at], load, round);
    }
  return true;
}

PathTrial Campaign::sample(TestPathHost& path, const LoadCase& load, std::uint32_t round) {
  const std::string& name = path.spec().name;
  announce(path, load.name, round);
  const double at_s = elapsed_s();
  PathTrial trial = path.run_trial(load.spec, trial_name(load.name, round));
  add_trial(result_, {.load = load.name, .path = name, .round = round, .at_s = at_s}, trial.trial);
  add_path_counts(result_, load.name, name, round, at_s, trial);
  result_.duration_s = elapsed_s();
  return trial;
}

void Campaign::announce(const TestPathHost& path, const std::string& load,
                        std::uint32_t round) const {
  if (hooks_.before_sample) hooks_.before_sample({round, path.spec().name, load});
}

PathTrial Campaign::try_out(TestPathHost& path, const LoadCase& load) {
  return path.run_trial(load.spec, load.name + ", tried out");
}

std::string trial_name(const std::string& load, std::uint32_t round) {
  return fmt::format("{}, round {}", load, round + 1);
}

void add_path_counts(Result& result, const std::string& load, const std::string& path,
                     std::uint32_t round, double at_s, const PathTrial& trial) {
  Sample sample{.path = path,
                .round = round,
                .value = static_cast<double>(trial.dropped),
                .at_s = at_s,
                .invalid_reason = trial.trial.invalid_reason};
  result.metric(load + "/link_dropped", "packets", Better::kNeither).samples.push_back(sample);
  if (trial.cpu_ns == 0 || trial.segments == 0) return;
  sample.value = static_cast<double>(trial.cpu_ns) / static_cast<double>(trial.segments);
  result.metric(load + "/cpu_per_segment", "ns_per_packet", Better::kLower)
      .samples.push_back(sample);
}

}  // namespace tunrelay
