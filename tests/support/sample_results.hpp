// SPDX-License-Identifier: MIT
// Results to test files and reports with: one that has everything, and random ones.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "result/result.hpp"
#include "support/random.hpp"

namespace tunrelay::test {

/// ROUNDS rounds of two links, each value within a few percent of what it should be.
inline void add_samples(Metric& metric, SeededRandom& random, double subject, double control,
                        std::uint32_t rounds = 10) {
  std::uniform_real_distribution<double> spread(0.96, 1.04);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const double hour = spread(random.generator());  // what moves both alike
    for (const auto& [path, value] : {std::pair{kSubject, subject}, std::pair{kControl, control}})
      metric.samples.push_back({.path = path,
                                .round = round,
                                .value = value * hour * spread(random.generator()),
                                .at_s = 2.5 * round + (value == control ? 1.2 : 0),
                                .invalid_reason = {}});
  }
}

inline Distribution sample_distribution(SeededRandom& random, const std::string& name,
                                        const std::string& path, double median_ns,
                                        std::size_t count = 20'000) {
  Distribution distribution{
      .name = name, .path = path, .start_s = 1, .interval_s = 10, .histogram = {}};
  std::lognormal_distribution<double> body(std::log(median_ns), 0.25);
  for (std::size_t packet = 0; packet < count; ++packet) {
    const double stalled = random.chance(0.002) ? 20 : 1;
    distribution.histogram.record(std::llround(body(random.generator()) * stalled));
  }
  return distribution;
}

inline Series sample_series(SeededRandom& random, const std::string& path, double level) {
  Series series{.name = "tcp_1_flow/throughput",
                .unit = "bits_per_s",
                .path = path,
                .start_s = 0,
                .interval_s = 0.1,
                .values = {}};
  std::normal_distribution<double> noise(0, level / 40);
  for (int at = 0; at < 250; ++at)
    series.values.push_back(level * (1 - std::exp(-at / 4.0)) + noise(random.generator()));
  series.values[120] = level / 5;
  return series;
}

/// With all that a result can have: invalid samples, values that are not numbers, several links.
inline Result full_result(std::uint64_t seed = 7) {
  SeededRandom random(seed);
  Result result;
  result.suite = "throughput";
  result.title = "uring engine, 2 queues";
  result.started_utc = "2026-11-23T20:31:05Z";
  result.duration_s = 125.5;
  result.seed = 0xFFFFFFFFFFFFFFFF;
  result.complete = true;
  result.asked = {{"suite", "throughput"}, {"rounds", 10}, {"confidence", nullptr}};
  result.done = {{"engine", "uring"}, {"queues", 2}, {"pinning", {0, 1}}, {"offloads", "tso uso"}};
  result.environment = {{"kernel", "6.18.44"},
                        {"machine", "x86_64"},
                        {"machine_id", "0123456789abcdef0123456789abcdef"},
                        {"processor", "AMD EPYC"},
                        {"cpus", 2},
                        {"memory_bytes", 25276502016},
                        {"governor", nullptr},
                        {"smt", false},
                        {"mitigations", {{"spectre_v1", "Mitigation: usercopy/swapgs barriers"}}},
                        {"cmdline", "quiet mitigations=auto"},
                        {"virtual", "kvm"},
                        {"commit", "285829c"},
                        {"tcp_rmem", "4096\t131072\t33554432"}};
  result.floor = {{"slip_p99_ns", 4100}, {"lo_round_trip_p50_ns", 9000}};
  add_samples(result.metric("tcp_1_flow/throughput", "bits_per_s", Better::kHigher), random, 27.1e9,
              37.5e9);
  add_samples(result.metric("udp_64/throughput", "packets_per_s", Better::kHigher), random, 195e3,
              242e3);
  add_samples(result.metric("udp_64/cpu", "ns_per_packet", Better::kLower), random, 1710, 820);
  Metric& round_trip = result.metric("idle/round_trip_p50", "ns", Better::kLower);
  add_samples(round_trip, random, 12'300, 4'100);
  round_trip.samples[4].invalid_reason = "3 of 1000 packets did not cross";
  round_trip.samples[7].value = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [load, ns] :
       {std::pair{"load_10", 11e3}, std::pair{"load_50", 14e3}, std::pair{"load_90", 41e3}})
    for (const char* way : {"one_way_a_to_b", "one_way_b_to_a"}) {
      const std::string name = std::string(load) + "/" + way;
      result.distributions.push_back(sample_distribution(random, name, kSubject, ns));
      result.distributions.push_back(sample_distribution(random, name, kControl, ns / 3));
    }
  result.series.push_back(sample_series(random, kSubject, 27.1e9));
  result.series.push_back(sample_series(random, kControl, 37.5e9));
  result.series.back().values[200] = std::numeric_limits<double>::quiet_NaN();
  result.notes = {"The governor is not known: frequencies may have moved.",
                  "Two rounds of idle/round_trip_p50 are invalid."};
  return result;
}

/// Text with everything that some form needs to escape, some of it no UTF-8.
inline std::string nasty_text(SeededRandom& random) {
  static constexpr const char* kParts[] = {"</script><b>",
                                           "]]>",
                                           "\"",
                                           "'",
                                           "&amp;",
                                           "|",
                                           "`*_x_*`",
                                           ",",
                                           "\n",
                                           "\t",
                                           "\x1b[31m",
                                           "\x7f",
                                           "\xff",
                                           "\xc3",
                                           "\\",
                                           "\\n",
                                           "{}",
                                           "tcp_1",
                                           " ",
                                           "%s",
                                           "\xc3\xa9",
                                           "<!--",
                                           "-->",
                                           "$(x)",
                                           "\r\n",
                                           "\xed\xa0\x80",
                                           "\xef\xbf\xbe",
                                           "0"};
  std::string text;
  for (std::uint64_t parts = random.between(0, 6); parts != 0; --parts)
    text += kParts[random.between(0, std::size(kParts) - 1)];
  return text;
}

inline double random_value(SeededRandom& random) {
  static constexpr double kEdges[] = {
      0,    -1,    1,     1e-300, 1e300, std::numeric_limits<double>::quiet_NaN(),
      -0.0, 2.5e9, 1e-12, 99.5,   1e15,  std::numeric_limits<double>::infinity()};
  if (random.chance(0.4)) return kEdges[random.between(0, std::size(kEdges) - 1)];
  return std::uniform_real_distribution<double>(0, 1e10)(random.generator());
}

/// What `merge` makes of a result: runs on a few machines, some of them the same.
inline void add_random_origins(Result& result, SeededRandom& random) {
  for (std::uint64_t count = random.between(1, 4); count != 0; --count)
    result.origins.push_back({.run = std::to_string(random.generator()()),
                              .machine = nasty_text(random),
                              .title = nasty_text(random),
                              .started_utc = result.started_utc,
                              .duration_s = random_value(random),
                              .seed = random.generator()(),
                              .complete = random.chance(0.5),
                              .first_round = static_cast<std::uint32_t>(random.between(0, 3)),
                              .asked = {{"d", 1}},
                              .done = nullptr,
                              .environment = {{"machine_name", nasty_text(random)}},
                              .floor = nullptr});
  for (Metric& metric : result.metrics)
    for (Sample& sample : metric.samples)
      sample.origin = static_cast<std::uint32_t>(random.between(0, result.origins.size() - 1));
}

/// Anything that the model can hold, with names that differ.
inline Result random_result(SeededRandom& random) {
  static constexpr const char* kUnits[] = {"bits_per_s", "packets_per_s", "ns",
                                           "ratio",      "ns_per_packet", "errors_per_s"};
  static constexpr const char* kLinks[] = {kSubject, kControl, kBase, kHead};
  const auto unit = [&] { return kUnits[random.between(0, std::size(kUnits) - 1)]; };
  const auto path = [&] {
    return random.chance(0.1) ? nasty_text(random) : kLinks[random.between(0, 3)];
  };
  Result result;
  result.suite = nasty_text(random);
  result.title = nasty_text(random);
  if (random.chance(0.8)) result.started_utc = "2026-11-23T20:31:05Z";
  result.duration_s = random_value(random);
  result.seed = random.generator()();
  result.complete = random.chance(0.5);
  if (random.chance(0.5)) result.asked = {{"a", nasty_text(random)}, {"b", {{"c", 1}}}};
  if (random.chance(0.5)) result.environment = {{"kernel", nasty_text(random)}, {"cpus", nullptr}};
  for (std::uint64_t metrics = random.between(0, 5); metrics != 0; --metrics) {
    Metric& metric = result.metric(nasty_text(random) + std::to_string(metrics), unit(),
                                   static_cast<Better>(random.between(0, 2)));
    for (std::uint64_t samples = random.between(0, 12); samples != 0; --samples)
      metric.samples.push_back({.path = path(),
                                .round = static_cast<std::uint32_t>(random.between(0, 5)),
                                .value = random_value(random),
                                .at_s = random_value(random),
                                .invalid_reason = random.chance(0.8) ? "" : nasty_text(random)});
  }
  for (std::uint64_t count = random.between(0, 3); count != 0; --count) {
    result.distributions.push_back({.name = nasty_text(random) + "/x",
                                    .path = path(),
                                    .start_s = random_value(random),
                                    .interval_s = random_value(random),
                                    .histogram = {}});
    for (std::uint64_t values = random.between(0, 50); values != 0; --values)
      result.distributions.back().histogram.record(
          static_cast<std::int64_t>(random.generator()() >> random.between(20, 63)));
  }
  for (std::uint64_t count = random.between(0, 3); count != 0; --count) {
    Series series{.name = nasty_text(random),
                  .unit = unit(),
                  .path = path(),
                  .start_s = random_value(random),
                  .interval_s = random_value(random),
                  .values = {}};
    for (std::uint64_t values = random.between(0, 5000); values != 0; values /= 2)
      series.values.push_back(random_value(random));
    result.series.push_back(series);
  }
  for (std::uint64_t notes = random.between(0, 3); notes != 0; --notes)
    result.notes.push_back(nasty_text(random));
  if (random.chance(0.3)) add_random_origins(result, random);
  return result;
}

}  // namespace tunrelay::test
