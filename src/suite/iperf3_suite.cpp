// SPDX-License-Identifier: MIT
// The suite `iperf3`: the program that everybody knows as the load, its own account joined with
// the path's.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "suite/suites.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

/// Beside the time that it sends: connecting, a last report, a server that starts.
constexpr std::int64_t kIperf3GraceNs = 20 * kNanosecondsPerSecond;

/// Adds the samples of one run: what iperf3 says of both ends, or why it does not count.
class Iperf3Samples {
 public:
  Iperf3Samples(Result& result, std::string path, std::uint32_t round, double at_s)
      : result_(result), path_(std::move(path)), round_(round), at_s_(at_s) {}

  void add(const json& report, const std::string& invalid_reason) {
    invalid_reason_ = invalid_reason;
    const json end = report.value("end", json::object());
    const json received =
        end.contains("sum_received") ? end["sum_received"] : end.value("sum", json::object());
    const json sent = end.value("sum_sent", json::object());
    metric("throughput", "bits_per_s", Better::kHigher, received, "bits_per_second");
    metric("retransmits", "segments", Better::kNeither, sent, "retransmits");
    const json sum = end.value("sum", json::object());
    constexpr double kPercent = 0.01, kMilliseconds = 1e6;
    metric("loss", "ratio", Better::kLower, sum, "lost_percent", kPercent);
    metric("jitter", "ns", Better::kLower, sum, "jitter_ms", kMilliseconds);
    const json cpu = end.value("cpu_utilization_percent", json::object());
    metric("cpu_local", "ratio", Better::kNeither, cpu, "host_total", kPercent);
    metric("cpu_remote", "ratio", Better::kNeither, cpu, "remote_total", kPercent);
    if (invalid_reason_.empty()) add_series(report);
  }

 private:
  void metric(const std::string& name, const std::string& unit, Better better, const json& from,
              const char* key, double scale = 1) {
    // Throughput has a sample in each case, so that a failed run is seen.
    const bool is_there = from.contains(key) && from[key].is_number();
    if (!is_there && name != "throughput") return;
    std::string reason = invalid_reason_;
    if (!is_there && reason.empty()) reason = "iperf3 does not report it";
    result_.metric("iperf3/" + name, unit, better)
        .samples.push_back({.path = path_,
                            .round = round_,
                            .value = is_there ? from[key].get<double>() * scale : 0,
                            .at_s = at_s_,
                            .invalid_reason = reason});
  }

  void add_series(const json& report) {
    Series series{.name = "iperf3/throughput",
                  .unit = "bits_per_s",
                  .path = path_,
                  .start_s = at_s_,
                  .interval_s = 1,
                  .values = {}};
    for (const json& interval : report.value("intervals", json::array()))
      series.values.push_back(interval.at("sum").at("bits_per_second").get<double>());
    if (!series.values.empty()) result_.series.push_back(std::move(series));
  }

  Result& result_;
  std::string path_;
  std::uint32_t round_;
  double at_s_;
  std::string invalid_reason_;
};

/// iperf3 ends with 0 when it could not even connect: its JSON says what went wrong.
std::string fault_of(const json& report, const TestPathHost::CommandRun& run) {
  constexpr int kNotFound = 127;
  if (run.exit_code == kNotFound) return "iperf3 can't be started: is it installed?";
  if (!report.is_object())
    return fmt::format("iperf3 ended with {} and wrote no JSON", run.exit_code);
  if (report.contains("error")) return "iperf3: " + json_text(report["error"]);
  return run.path.trial.invalid_reason;
}

}  // namespace

bool run_iperf3_suite(const SuiteRun& run) {
  const SuiteOptions& options = run.options;
  Campaign& campaign = run.campaign;
  Result& result = campaign.result();
  const double seconds =
      static_cast<double>(options.duration_ns) / static_cast<double>(kNanosecondsPerSecond);
  std::vector<std::string> client{
      "iperf3", "--client", "{b}",    "--bind",
      "{a}",    "--json",   "--time", fmt::format("{:.0f}", std::max(seconds, 1.0))};
  client.insert(client.end(), options.arguments.begin(), options.arguments.end());
  result.done["command"] = client;
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    auto& paths = campaign.paths();
    for (std::size_t at = 0; at < paths.size(); ++at) {
      if (campaign.is_stopped()) return false;
      TestPathHost& path = *paths[round % 2 == 0 ? at : paths.size() - 1 - at];
      campaign.announce(path, "iperf3", round);
      const double at_s = campaign.elapsed_s();
      TestPathHost::CommandRun done =
          path.run_command({"iperf3", "--server", "--one-off", "--bind", "{b}"}, client,
                           options.duration_ns + kIperf3GraceNs, trial_name("iperf3", round));
      const json report = json::parse(done.output, nullptr, false);
      done.path.trial.invalid_reason = fault_of(report, done);
      if (report.is_object() && report.contains("/end/sender_tcp_congestion"_json_pointer))
        result.done["congestion_control"] = report["end"]["sender_tcp_congestion"];
      Iperf3Samples(result, path.spec().name, round, at_s)
          .add(report.is_object() ? report : json::object(), done.path.trial.invalid_reason);
      add_path_counts(result, "iperf3", path.spec().name, round, at_s, done.path);
      result.duration_s = campaign.elapsed_s();
    }
    result.complete = round + 1 == options.rounds;
    run.on_progress(static_cast<double>(round + 1) / options.rounds, "");
  }
  return true;
}

}  // namespace tunrelay
