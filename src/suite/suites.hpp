// SPDX-License-Identifier: MIT
// The suites of `bench`: which loads cross the paths, how long and how often. One that is not a
// list of loads (latency, ndr, iperf3) has its own file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suite/campaign.hpp"
#include "suite/rounds.hpp"

namespace tunrelay {

/// Options of a suite; what is 0 or empty is as the suite has it.
struct SuiteOptions {
  std::int64_t duration_ns = 0;  ///< of a sample
  std::int64_t warm_up_ns = -1;  ///< before each sample; negative: a tenth of it
  std::uint32_t rounds = 0;
  std::optional<PrecisionGoal> precision;
  std::int64_t time_limit_ns = 0;  ///< of the whole; see RoundPlan
  std::uint64_t seed = 1;
  /// What TCP loads begin with. Named, since hosts differ in it, and with it the figures.
  std::string congestion_control = "cubic";
  std::vector<std::string> arguments;  ///< for the external program of a suite that has one
};

/// A suite while it runs.
struct SuiteRun {
  Campaign& campaign;
  SuiteOptions options;  ///< nothing is left open any more
  /// To be called between samples with the share that is done, 0 to 1: what was measured is saved.
  /// WHAT goes on, for people, where the campaign does not say it sample by sample; else empty.
  std::function<void(double done, const std::string& what)> on_progress;
};

struct Suite {
  std::string_view name;
  std::string_view purpose;  ///< a line for --help
  std::int64_t duration_ns;
  std::uint32_t rounds;
  std::int64_t time_limit_ns;
  /// False when it was stopped before its end.
  bool (*run)(const SuiteRun& run);
};

[[nodiscard]] const std::vector<Suite>& suites();
/// Throws a usage Error that names those that there are.
[[nodiscard]] const Suite& find_suite(std::string_view name);
/// ASKED with SUITE's own values where it leaves them open.
[[nodiscard]] SuiteOptions complete_options(const Suite& suite, const SuiteOptions& requested);

/// Loads that several suites have. Durations are those of OPTIONS.
[[nodiscard]] LoadCase udp_flood(const SuiteOptions& options, std::uint32_t frame_bytes);
[[nodiscard]] LoadCase udp_imix(const SuiteOptions& options);
[[nodiscard]] LoadCase tcp_stream(const SuiteOptions& options, std::size_t flows);
[[nodiscard]] LoadCase round_trips(const SuiteOptions& options);

bool run_latency_suite(const SuiteRun& run);
bool run_ndr_suite(const SuiteRun& run);
bool run_pdr_suite(const SuiteRun& run);
bool run_iperf3_suite(const SuiteRun& run);

}  // namespace tunrelay
