// SPDX-License-Identifier: MIT
// `tunrelay gen`: the traffic generator, across our tunnel or anything else with addresses.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/units.hpp"
#include "base/utc.hpp"
#include "base/wrap.hpp"
#include "cli/gen_flags.hpp"
#include "cli/gen_intervals.hpp"
#include "cli/gen_text.hpp"
#include "cli/new_result.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "config/flag_group.hpp"
#include "gen/floor.hpp"
#include "gen/load_json.hpp"
#include "gen/load_server.hpp"
#include "gen/remote_end.hpp"
#include "gen/trial.hpp"
#include "metrics/hdr_log.hpp"
#include "os/append_only_file.hpp"
#include "os/print.hpp"
#include "os/signal_watch.hpp"
#include "result/result_json.hpp"
#include "result/result_saver.hpp"
#include "suite/trial_result.hpp"

namespace tunrelay {
namespace {

struct GenCommandFlags {
  GenFlags load;
  std::vector<std::string> addresses;  ///< FROM TO: both ends here
  bool server = false;
  std::string client;
  std::string bind;
  std::uint16_t port = kLoadServerPort;
  bool once = false;
  std::string interval = "1s";
  bool floor = false;
  bool json = false;
  std::string out;
  ResultOutputs outputs;
};

bool asked_to_stop(const SignalWatch& signals) {
  return signals.next().has_value();
}

int serve(const GenCommandFlags& flags) {
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP});
  LoadServer server(IpAddress::parse(flags.bind.empty() ? "::" : flags.bind), flags.port);
  fmt::print("ready  serving loads on port {}\n", server.port());
  std::fflush(stdout);
  bool stopping = false;
  const auto is_stopping = [&] { return stopping = stopping || asked_to_stop(signals); };
  while (!is_stopping()) {
    pollfd ready{.fd = server.fd(), .events = POLLIN, .revents = 0};
    constexpr int kServerLookMs = 200;
    if (::poll(&ready, 1, kServerLookMs) <= 0) continue;
    if (const std::string fault = server.serve_one(is_stopping); !fault.empty())
      print_wrapped(stderr, fmt::format("tunrelay: {}\n", fault));
    if (flags.once) break;
  }
  return 0;
}

/// The two ends as the flags name them.
struct Ends {
  std::unique_ptr<LoadEnd> here;
  std::unique_ptr<LoadEnd> there;
  IpFamily family = IpFamily::kIpv4;
};

Ends make_ends(const GenCommandFlags& flags) {
  Ends ends;
  if (!flags.client.empty()) {
    const IpAddress there = IpAddress::parse(flags.client);
    const IpAddress here = flags.bind.empty() ? IpAddress::parse(there.is_ipv4() ? "0.0.0.0" : "::")
                                              : IpAddress::parse(flags.bind);
    auto server = std::make_unique<RemoteEnd>(here, there, flags.port);
    ends.here = std::make_unique<LocalEnd>(server->our_address());
    ends.there = std::move(server);
    ends.family = there.family();
    return ends;
  }
  if (flags.addresses.size() != 2)
    throw_usage_error("send", "a load", "it is not said between which addresses",
                      "give two of this host, or --server at one end and --client ADDRESS at the "
                      "other");
  const IpAddress from = IpAddress::parse(flags.addresses[0]);
  const IpAddress to = IpAddress::parse(flags.addresses[1]);
  if (from.family() != to.family())
    throw_usage_error("send", "from " + flags.addresses[0] + " to " + flags.addresses[1],
                      "one is IPv4, the other IPv6", "give two of one family");
  ends.here = std::make_unique<LocalEnd>(from);
  ends.there = std::make_unique<LocalEnd>(to);
  ends.family = from.family();
  return ends;
}

/// TRIAL, END_S after its first message, as a result that goes on from RESULT, what is known
/// before.
Result as_result(Result result, const TrialReport& trial, double end_s) {
  result.done = {{"one_clock", trial.one_clock}, {"congestion_control", trial.congestion_control}};
  result.duration_s = static_cast<double>(trial.spec.duration_ns) / 1e9;
  if (trial.cut_short)
    result.duration_s = std::clamp(end_s - static_cast<double>(trial.spec.warm_up_ns) / 1e9, 0.0,
                                   result.duration_s);
  // An invalid trial says so; what it measured is kept all the same.
  TrialPlace place;
  place.invalid_latencies = true;
  add_trial(result, place, trial);
  result.complete = !trial.cut_short;
  if (trial.still_coming) result.notes.emplace_back(kStillComing);
  if (!trial.invalid_reason.empty())
    result.notes.push_back("The trial is invalid: " + trial.invalid_reason + ".");
  return result;
}

/// The same while the trial is under way, INTERVAL the last one of it.
Result unfinished_result(const Result& known, const IntervalReport& interval) {
  Result result = as_result(known, *interval.so_far, interval.end_s);
  result.notes.push_back(
      fmt::format("Written when {:.1f} s of {:.1f} s had been measured: what was under way then "
                  "counts as lost.",
                  result.duration_s, static_cast<double>(interval.so_far->spec.duration_ns) / 1e9));
  return result;
}

void add_latencies(AppendOnlyFile& log, const IntervalReport& interval, const Result& known) {
  const std::string lines = latency_log_lines(interval);
  if (lines.empty()) return;
  const bool is_first = log.text().empty();
  log.add_or_report(
      (is_first ? hdr_log_head("tunrelay", parse_utc(known.started_utc)) : "") + lines,
      report_failed_save);
}

int send(const GenCommandFlags& flags) {
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP});
  const Ends ends = make_ends(flags);
  const LoadSpec spec = load_spec(flags.load, ends.family);
  GenIntervals intervals(flags.interval, spec);
  std::optional<ResultFile> file;
  if (!flags.out.empty()) file.emplace(flags.out);  // refused before anything is sent
  flags.outputs.check();
  std::optional<GeneratorFloor> floor;
  constexpr std::int64_t kFloorNs = 300 * kNanosecondsPerMillisecond;
  if (flags.floor) floor = measure_floor(kFloorNs);
  Result known = new_result("gen");
  flags.outputs.label(known);
  known.seed = spec.seed;
  known.asked = to_json(spec);
  if (floor) known.floor = to_json(*floor);

  std::optional<ResultSaver> saver;
  if (file) saver.emplace(*file, report_failed_save);
  std::optional<AppendOnlyFile> latency_log;
  if (const std::string path = flags.outputs.latency_log_path(); !path.empty())
    latency_log.emplace(path);
  TrialOptions options;
  options.interval_ns = intervals.length_ns();
  options.interval_reports = file || !flags.client.empty() || latency_log;
  options.on_interval = [&](const IntervalReport& interval) {
    intervals.take(interval);
    if (latency_log) add_latencies(*latency_log, interval, known);
    if (!saver || interval.end_s * 1e9 <= static_cast<double>(spec.warm_up_ns)) return;
    Result so_far = unfinished_result(known, interval);
    so_far.series = intervals.rates();
    saver->offer(std::move(so_far));
  };
  options.is_stopping = [&] { return asked_to_stop(signals); };
  const TrialReport trial = run_trial(spec, *ends.here, *ends.there, options);
  saver.reset();
  Result result = as_result(known, trial, intervals.end_s());
  result.series = intervals.rates();
  ResultOutputs outputs = flags.outputs;
  if (latency_log) outputs.use_latency_log(latency_log->text());
  // What was measured is reported before it is written: a full disk takes nothing away.
  fmt::print("{}", flags.json ? result_text(result)
                              : wrap_lines(trial_text(trial, floor ? &*floor : nullptr),
                                           standard_output_style().columns));
  std::fflush(stdout);
  outputs.write(result, nullptr, file ? &*file : nullptr);
  return trial.invalid_reason.empty() ? 0 : static_cast<int>(ExitCode::kFailed);
}

}  // namespace

Subcommand add_gen_command(CLI::App& app) {
  auto flags = std::make_shared<GenCommandFlags>();
  CLI::App* command =
      app.add_subcommand("gen", "send traffic, and measure throughput, latency and loss");
  command->add_option("addresses", flags->addresses, "FROM TO: both ends in this process")
      ->expected(0, 2)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FlagGroup ends(*command, "Two processes");
  ends.flag("--server", flags->server, "be the other end, for clients");
  ends.value("--client", flags->client, "ADDRESS", "the server's address");
  ends.value("--bind", flags->bind, "ADDRESS", "our own address [any]");
  ends.value("-p,--port", flags->port, "PORT", "the server's port")->capture_default_str();
  ends.flag("-1,--once", flags->once, "with --server: for one client, then the end");
  add_gen_flags(*command, flags->load);
  FlagGroup output(*command, kOutputFlags);
  output.value("-i,--interval", flags->interval, "TIME", "report progress so often; 0: never")
      ->capture_default_str();
  output.flag("--floor", flags->floor, "measure the generator alone before, too");
  output.flag("--json", flags->json, "the result as JSON");
  output.value("--out", flags->out, "FILE", "write the result as JSON, as it comes");
  flags->outputs.add_to(*command);
  command->footer(
      "With a rate the times of all messages are fixed beforehand, and latency counts from them:\n"
      "a sender that is held up can't hide it. How late it was is reported (\"sends late\").\n"
      "examples: tunrelay exec -- tunrelay gen 192.168.13.1 192.168.13.2 --pps 50k -t 5s\n"
      "          tunrelay gen --server    tunrelay gen --client 192.168.13.2 --tcp");
  return {command, [flags] { return flags->server ? serve(*flags) : send(*flags); }};
}

}  // namespace tunrelay
