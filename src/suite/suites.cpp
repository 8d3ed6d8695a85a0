// SPDX-License-Identifier: MIT
#include "suite/suites.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kMinute = 60 * kNanosecondsPerSecond;
/// With --confidence and no --time-limit: a run ends some time.
constexpr std::int64_t kPatience = 10 * kMinute;

LoadCase named(std::string name, const SuiteOptions& options) {
  LoadCase load{.name = std::move(name), .spec = {}};
  load.spec.duration_ns = options.duration_ns;
  load.spec.warm_up_ns = options.warm_up_ns;
  load.spec.seed = options.seed;
  return load;
}

bool run_loads(const SuiteRun& run, const std::vector<LoadCase>& loads) {
  const SuiteOptions& options = run.options;
  const RoundPlan plan{.rounds = options.rounds,
                       .precision = options.precision,
                       .time_limit_ns = options.time_limit_ns};
  return run_rounds(run.campaign, loads, plan, [&](double done) { run.on_progress(done, ""); });
}

bool run_throughput(const SuiteRun& run) {
  const SuiteOptions& options = run.options;
  LoadCase reverse = tcp_stream(options, 1);
  reverse.name += "_reverse";
  reverse.spec.direction = LoadDirection::kReverse;
  return run_loads(run,
                   {tcp_stream(options, 1), tcp_stream(options, 4), reverse, udp_flood(options, 64),
                    udp_flood(options, 512), udp_flood(options, 1518), udp_imix(options)});
}

/// The maximum receive rate, by the terms of RFC 2544's successors: short trials at full load.
bool run_mrr(const SuiteRun& run) {
  return run_loads(run, {udp_flood(run.options, 64)});
}

/// The same mix again and again: what drifts, leaks or comes loose shows over the rounds.
bool run_soak(const SuiteRun& run) {
  const SuiteOptions& options = run.options;
  LoadCase connections = round_trips(options);
  connections.name = "connections";
  connections.spec.protocol = LoadProtocol::kTcp;
  connections.spec.pattern = LoadPattern::kConnections;
  return run_loads(run,
                   {tcp_stream(options, 4), udp_imix(options), round_trips(options), connections});
}

bool run_smoke(const SuiteRun& run) {
  const SuiteOptions& options = run.options;
  return run_loads(run, {tcp_stream(options, 1), udp_flood(options, 64), round_trips(options)});
}

constexpr std::int64_t operator""_s(unsigned long long seconds) {
  return static_cast<std::int64_t>(seconds) * kNanosecondsPerSecond;
}

}  // namespace

const std::vector<Suite>& suites() {
  static const std::vector<Suite> kSuites{
      {"throughput", "TCP in 1 and 4 flows, both ways, and UDP of several sizes, unpaced", 2_s, 5,
       0, run_throughput},
      {"latency", "round trips at rest, one-way delays at 10, 50 and 90 % of what both paths carry",
       2_s, 5, 0, run_latency_suite},
      {"mrr", "maximum receive rate: 10 trials of 1 s of 64-byte frames at full load", 1_s, 10, 0,
       run_mrr},
      {"ndr", "the highest rate of 64-byte frames without loss, by the rules of MLRsearch", 2_s, 1,
       0, run_ndr_suite},
      {"pdr", "the same with 0.5 % of loss, and without, in one search", 2_s, 1, 0, run_pdr_suite},
      {"soak", "a mix of loads for as long as --time-limit says [10m]", 5_s, 1, 10 * kMinute,
       run_soak},
      {"smoke", "a moment of each kind of load: does it work at all?", 1_s / 5, 1, 0, run_smoke},
      {"iperf3", "iperf3 across the path; its flags stand behind --", 5_s, 3, 0, run_iperf3_suite},
  };
  return kSuites;
}

const Suite& find_suite(std::string_view name) {
  const std::vector<Suite>& all = suites();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [name](const Suite& suite) { return suite.name == name; });
  if (found != all.end()) return *found;
  std::vector<std::string_view> names;
  for (const Suite& suite : all) names.push_back(suite.name);
  throw_usage_error("run the suite", "'" + std::string(name) + "'", "there is none of that name",
                    fmt::format("choose one of {}", fmt::join(names, ", ")));
}

SuiteOptions complete_options(const Suite& suite, const SuiteOptions& requested) {
  SuiteOptions options = requested;
  if (options.duration_ns == 0) options.duration_ns = suite.duration_ns;
  constexpr std::int64_t kWarmUpShare = 10;
  if (options.warm_up_ns < 0) options.warm_up_ns = options.duration_ns / kWarmUpShare;
  // So many rounds, or so long: what was requested holds alone.
  if (options.time_limit_ns == 0 && (requested.rounds == 0 || options.precision))
    options.time_limit_ns = options.precision ? kPatience : suite.time_limit_ns;
  if (options.rounds == 0) options.rounds = suite.rounds;
  return options;
}

LoadCase udp_flood(const SuiteOptions& options, std::uint32_t frame_bytes) {
  LoadCase load = named(fmt::format("udp_{}", frame_bytes), options);
  load.spec.payload_bytes = {payload_of_frame(frame_bytes, IpFamily::kIpv4)};
  return load;
}

LoadCase udp_imix(const SuiteOptions& options) {
  LoadCase load = named("udp_imix", options);
  load.spec.payload_bytes = imix_payload_bytes(IpFamily::kIpv4);
  return load;
}

LoadCase tcp_stream(const SuiteOptions& options, std::size_t flows) {
  LoadCase load = named(fmt::format("tcp_{}_flow{}", flows, flows == 1 ? "" : "s"), options);
  load.spec.protocol = LoadProtocol::kTcp;
  load.spec.payload_bytes = {128 << 10};
  load.spec.flows = flows;
  load.spec.congestion_control = options.congestion_control;
  return load;
}

LoadCase round_trips(const SuiteOptions& options) {
  LoadCase load = named("round_trip", options);
  load.spec.pattern = LoadPattern::kRequestResponse;
  return load;
}

}  // namespace tunrelay
