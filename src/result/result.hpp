// SPDX-License-Identifier: MIT
// What a measurement found, as plain data: what was requested and what was done, where, every
// sample, and the control beside the subject. One model for every command; its JSON form is
// result/result.schema.json, and all other forms (src/report) are written from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/histogram.hpp"

namespace tunrelay {

/// Which way a metric is better; kNeither for what only explains another.
enum class Better : std::uint8_t { kHigher, kLower, kNeither };
/// "higher", "lower", "neither".
[[nodiscard]] const char* name_of(Better better) noexcept;
/// The other way; nothing for another name.
[[nodiscard]] std::optional<Better> better_named(std::string_view name) noexcept;

/// The path that a sample crossed. Free text in the model, these by convention.
inline constexpr const char* kSubject = "subject";  ///< what is measured
inline constexpr const char* kControl = "control";  ///< the kernel's own path, interleaved
inline constexpr const char* kBase = "base";        ///< `compare --base`
inline constexpr const char* kHead = "head";        ///< `compare --head`

struct Sample {
  std::string path = kSubject;
  std::uint32_t round = 0;     ///< samples of one round of different paths are paired
  double value = 0;            ///< in the metric's unit
  double at_s = 0;             ///< since the run began
  std::string invalid_reason;  ///< not empty: the sample does not count, and why
  std::uint32_t origin = 0;    ///< which of Result::origins measured it, where there are any
};

struct Metric {
  std::string name;  ///< "tcp_1_flow/throughput"
  std::string unit;  ///< base units: "bits_per_s", "packets_per_s", "ns", "ns_per_packet", "ratio"
  Better better = Better::kHigher;
  std::vector<Sample> samples;
};

/// Whether the sample counts: it is not invalid, and its value is a number.
[[nodiscard]] bool counts(const Sample& sample) noexcept;
/// The values of LINK that count, in the order of rounds.
[[nodiscard]] std::vector<double> valid_values(const Metric& metric, std::string_view path);
/// The paths that have samples, in the order of first appearance.
[[nodiscard]] std::vector<std::string> paths_of(const Metric& metric);

/// A latency distribution: all valid samples of one path together.
struct Distribution {
  std::string name;  ///< "load_50/one_way_a_to_b"
  std::string path = kSubject;
  double start_s = 0;
  double interval_s = 0;
  Histogram histogram;
};

/// A value over time, at equal distances.
struct Series {
  std::string name;
  std::string unit;
  std::string path = kSubject;
  double start_s = 0;
  double interval_s = 1;
  std::vector<double> values;
};

/// A run of a merged result: where its samples come from, and what it has otherwise than others.
// NOLINTNEXTLINE(bugprone-exception-escape): nlohmann::json moves without an exception
struct Origin {
  std::string run;          ///< a digest of the run's own result: no run is merged twice
  std::string machine;      ///< its name, the beginning of its id, or "unknown"
  std::string title;        ///< the user's; may be empty
  std::string started_utc;  ///< as in Result
  double duration_s = 0;
  std::uint64_t seed = 0;
  bool complete = false;
  std::uint32_t first_round = 0;  ///< the run's own round 0 among the rounds of the merged result
  /// Members that not all runs have alike; those that they do stand in the merged result.
  nlohmann::json asked;
  nlohmann::json done;
  nlohmann::json environment;
  nlohmann::json floor;  ///< all of it
};

// NOLINTNEXTLINE(bugprone-exception-escape): nlohmann::json moves without an exception
struct Result {
  static constexpr int kVersion = 2;

  std::string suite;        ///< "throughput", "gen", "iperf3"
  std::string title;        ///< the user's; may be empty
  std::string started_utc;  ///< "2026-11-23T20:31:05Z"
  double duration_s = 0;
  std::uint64_t seed = 0;
  bool complete = false;       ///< false: the run was cut short; what is here still holds
  nlohmann::json asked;        ///< the flags, as understood
  nlohmann::json done;         ///< what became of them: engine, offloads, queues, pinning
  nlohmann::json environment;  ///< of result/environment.hpp
  nlohmann::json floor;        ///< the generator's own error and latency; null: not measured
  std::vector<Metric> metrics;
  std::vector<Distribution> distributions;
  std::vector<Series> series;
  std::vector<std::string> notes;  ///< what the reader should know, a sentence each
  std::vector<Origin> origins;     ///< of a merged result: its runs; else empty

  /// Added when there is none of that name yet. Good until the next one is added.
  Metric& metric(const std::string& name, const std::string& unit, Better better);
  [[nodiscard]] const Metric* find_metric(std::string_view name) const noexcept;
};

/// Whether DISTRIBUTION of RESULT is of invalid trials alone: none of its path's samples of the
/// metric that bears its name counts.
[[nodiscard]] bool is_invalid(const Result& result, const Distribution& distribution);

}  // namespace tunrelay
