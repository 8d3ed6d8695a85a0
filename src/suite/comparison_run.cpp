#include "suite/comparison_run.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

constexpr std::array<std::string_view, 4> kJudged{
    "round_trip/round_trip_p50",   // by far the sharpest: see comparison_loads()
    "round_trip/cpu_per_segment",  // the relay's time for a lone packet,
    "tcp_1_flow/cpu_per_segment",  // and for super-packets
    "tcp_1_flow/throughput",
};

}  // namespace

bool is_judged(std::string_view metric) noexcept {
  return std::find(kJudged.begin(), kJudged.end(), metric) != kJudged.end();
}

std::vector<LoadCase> comparison_loads(std::int64_t slice_ns) {
  LoadSpec base;
  base.duration_ns = slice_ns;
  base.warm_up_ns = slice_ns / 10;
  LoadSpec tcp = base;
  tcp.protocol = LoadProtocol::kTcp;
  tcp.payload_bytes = {128 << 10};
  tcp.congestion_control = "cubic";
  LoadSpec round_trip = base;
  round_trip.pattern = LoadPattern::kRequestResponse;
  return {{"tcp_1_flow", tcp}, {"round_trip", round_trip}};
}

void run_comparison(const ComparisonPlan& plan, Result& result, const ComparisonHooks& hooks) {
  const std::vector<LinkSpec> links{
      {kBase, LinkKind::kTunnel, plan.base.program, plan.base.arguments},
      {kHead, LinkKind::kTunnel, plan.head.program, plan.head.arguments}};
  const std::vector<LoadCase> loads = comparison_loads(plan.slice_ns);
  const std::int64_t begin_ns = monotonic_ns();
  const auto is_over = [&] {
    return monotonic_ns() >= begin_ns + plan.time_limit_ns || hooks.is_stopped();
  };
  const bool until_settled = plan.rounds == 0;
  std::int64_t next_look_ns = begin_ns + plan.time_limit_ns / plan.looks;
  for (std::uint32_t round = 0; (until_settled || round < plan.rounds) && !is_over();) {
    Campaign campaign(links, result, {.before_sample = {}, .is_stopped = is_over});
    for (std::uint32_t since_start = 0;
         since_start < plan.rounds_a_start && (until_settled || round < plan.rounds);
         ++since_start, ++round) {
      const bool complete = campaign.run_round(loads, round);
      for (Metric& metric : result.metrics)
        if (!is_judged(metric.name)) metric.better = Better::kNeither;
      if (!complete) return;
      hooks.on_round(round);
    }
    if (!until_settled || monotonic_ns() < next_look_ns) continue;
    if (hooks.is_settled()) return;
    next_look_ns += plan.time_limit_ns / plan.looks;
  }
}

}  // namespace tunrelay
