// SPDX-License-Identifier: MIT
// The suite `latency`: how long a packet takes when the path has nothing else to do, and when it
// carries a share of what it can carry.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "result/test_path_summary.hpp"
#include "suite/suites.hpp"

namespace tunrelay {
namespace {

/// The rate that everything arrives at is looked for by halving, in short trials.
constexpr std::int64_t kSearchTrialNs = 500 * kNanosecondsPerMillisecond;
constexpr int kSearchTrials = 7;
/// Of a search in short trials on a shared machine; `ndr` is the strict one.
constexpr double kLossBorne = 0.001;

LoadCase paced(const SuiteOptions& options, const std::string& name, double messages_per_s) {
  LoadCase load = udp_flood(options, 64);
  load.name = name;
  load.spec.messages_per_s = messages_per_s;
  return load;
}

bool carries(Campaign& campaign, TestPathHost& path, const LoadCase& load) {
  const PathTrial trial = campaign.try_out(path, load);
  return trial.trial.invalid_reason.empty() && loss_ratio(trial.trial.directions[0]) <= kLossBorne;
}

/// The highest rate seen that LINK carries, in messages a second; 0: none.
double find_rate(Campaign& campaign, TestPathHost& path, SuiteOptions options) {
  options.duration_ns = kSearchTrialNs;
  options.warm_up_ns = kSearchTrialNs / 10;
  const PathTrial flood = campaign.try_out(path, udp_flood(options, 64));
  double high = messages_per_s(flood.trial.directions[0].received);
  double low = 0;
  double rate = high;
  for (int trial = 0; trial < kSearchTrials && high > 0 && !campaign.is_stopped(); ++trial) {
    (carries(campaign, path, paced(options, "search", rate)) ? low : high) = rate;
    if (low == high) break;
    rate = (low + high) / 2;
  }
  return low;
}

/// What every path carries: latencies of two paths compare at the same load, which must leave
/// neither of them behind.
double find_common_rate(Campaign& campaign, const SuiteOptions& options) {
  double common = std::numeric_limits<double>::infinity();
  for (const auto& path : campaign.paths()) {
    const double rate = find_rate(campaign, *path, options);
    campaign.result().done["carried_messages_per_s"][path->spec().name] = rate;
    common = std::min(common, rate);
  }
  return common;
}

}  // namespace

bool run_latency_suite(const SuiteRun& run) {
  const SuiteOptions& options = run.options;
  Campaign& campaign = run.campaign;
  run.on_progress(0, "looking for the rate that every path carries");
  const double rate = find_common_rate(campaign, options);
  campaign.result().done["found_messages_per_s"] = rate;
  std::vector<LoadCase> loads{round_trips(options)};
  constexpr std::array kShares{10, 50, 90};
  for (const int percent : kShares)
    if (rate > 0)
      loads.push_back(paced(options, fmt::format("load_{}", percent), rate * percent / 100));
  if (rate == 0)
    campaign.result().notes.emplace_back(
        "no rate was found that every path carries with less than 0.1 % lost: latency under load "
        "was not measured");
  const RoundPlan plan{.rounds = options.rounds,
                       .precision = options.precision,
                       .time_limit_ns = options.time_limit_ns};
  return run_rounds(campaign, loads, plan, [&](double done) { run.on_progress(done, ""); });
}

}  // namespace tunrelay
