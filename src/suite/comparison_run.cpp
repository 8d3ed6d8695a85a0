// SPDX-License-Identifier: MIT
#include "suite/comparison_run.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "os/cpu_topology.hpp"

namespace tunrelay {
namespace {

constexpr std::array<std::string_view, 4> kJudged{
    "round_trip/round_trip_p50",   // by far the sharpest: see comparison_loads()
    "round_trip/cpu_per_segment",  // the relay's time for a lone packet,
    "tcp_1_flow/cpu_per_segment",  // and for super-packets
    "tcp_1_flow/throughput",
};

constexpr std::array<Witness, 1> kWitnesses{
    {{"tcp_1_flow/throughput", "tcp_1_flow/cpu_per_segment"}}};

/// Below the ephemeral ports, so that nobody has them. One comes again after so many rounds, when
/// its last connection has long left TIME_WAIT.
constexpr std::uint32_t kFirstPort = 20'000;
constexpr std::uint32_t kPorts = 10'000;

/// The CPUs of this process on which no worker of the paths is pinned; where workers are on all,
/// all.
std::vector<int> cpus_for_loads(const std::vector<std::unique_ptr<TestPathHost>>& paths) {
  const std::vector<int> all = cpus_for_workers();
  std::vector<int> cpus = all;
  for (const auto& path : paths)
    for (const int cpu : path->description().at("worker_cpus").get<std::vector<int>>())
      std::erase(cpus, cpu);
  return cpus.empty() ? all : cpus;
}

}  // namespace

bool is_judged(std::string_view metric) noexcept {
  return std::find(kJudged.begin(), kJudged.end(), metric) != kJudged.end();
}

std::vector<LoadCase> comparison_loads(std::int64_t slice_ns, const std::vector<int>& cpus,
                                       std::uint32_t round) {
  LoadSpec base;
  base.duration_ns = slice_ns;
  base.warm_up_ns = slice_ns / 10;
  base.first_port = static_cast<std::uint16_t>(kFirstPort + round % kPorts);
  if (!cpus.empty()) {
    base.source_cpus = {cpus.front()};
    base.sink_cpus = {cpus[std::min<std::size_t>(1, cpus.size() - 1)]};
  }
  LoadSpec tcp = base;
  tcp.protocol = LoadProtocol::kTcp;
  tcp.payload_bytes = {128 << 10};
  tcp.congestion_control = "cubic";
  LoadSpec round_trip = base;
  round_trip.pattern = LoadPattern::kRequestResponse;
  return {{"tcp_1_flow", tcp}, {"round_trip", round_trip}};
}

void settle_at_end(Comparison& comparison) {
  settle_by_witnesses(comparison, kWitnesses);
}

std::vector<LoadCase> open_loads(std::vector<LoadCase> loads, const Comparison& look) {
  const auto is_open = [&look](const LoadCase& load) {
    return std::any_of(look.metrics.begin(), look.metrics.end(), [&](const auto& metric) {
      return metric.verdict == Verdict::kInconclusive && metric.metric.starts_with(load.name + "/");
    });
  };
  if (std::any_of(loads.begin(), loads.end(), is_open)) std::erase_if(loads, std::not_fn(is_open));
  return loads;
}

void run_comparison(const ComparisonPlan& plan, Result& result, const ComparisonHooks& hooks) {
  const std::vector<TestPathSpec> paths{
      {kBase, TestPathKind::kTunnel, plan.base.program, plan.base.arguments},
      {kHead, TestPathKind::kTunnel, plan.head.program, plan.head.arguments}};
  const std::int64_t begin_ns = monotonic_ns();
  const auto is_over = [&] {
    return monotonic_ns() >= begin_ns + plan.time_limit_ns || hooks.is_stopped();
  };
  const bool until_settled = plan.rounds == 0;
  std::int64_t until_look_ns = plan.time_limit_ns >> (plan.looks - 1);
  std::optional<Comparison> look;
  for (std::uint32_t round = 0; (until_settled || round < plan.rounds) && !is_over();) {
    Campaign campaign(paths, result, {.before_sample = {}, .is_stopped = is_over});
    const std::vector<int> cpus = cpus_for_loads(campaign.paths());
    result.done["cpus_of_loads"] = cpus;
    for (std::uint32_t since_start = 0;
         since_start < plan.rounds_a_start && (until_settled || round < plan.rounds);
         ++since_start, ++round) {
      std::vector<LoadCase> loads = comparison_loads(plan.slice_ns, cpus, round);
      if (look) loads = open_loads(std::move(loads), *look);
      const bool complete = campaign.run_round(loads, round);
      for (Metric& metric : result.metrics)
        if (!is_judged(metric.name)) metric.better = Better::kNeither;
      if (!complete) return;
      hooks.on_round(round);
    }
    if (!until_settled || !hooks.look || monotonic_ns() < begin_ns + until_look_ns) continue;
    look = hooks.look();
    if (is_settled(look->verdict)) return;
    until_look_ns *= 2;
  }
}

}  // namespace tunrelay
