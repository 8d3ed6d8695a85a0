// SPDX-License-Identifier: MIT
// `tunrelay bench`: a suite of loads across a tunnel, with the kernel's own path beside it.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/new_result.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "config/flag_group.hpp"
#include "os/signal_watch.hpp"
#include "record/recorder.hpp"
#include "report/terminal.hpp"
#include "result/result_json.hpp"
#include "scenario/scenario_file.hpp"
#include "suite/progress.hpp"
#include "suite/suites.hpp"

namespace tunrelay {
namespace {

struct BenchFlags {
  std::string suite;
  std::string program;
  std::string flags;
  std::string control = "veth";
  std::string time, warm_up, time_limit;
  std::uint32_t rounds = 0;
  std::string confidence;
  std::uint64_t seed = 1;
  std::string congestion_control = "cubic";
  std::string scenario;
  std::string record, record_interval;
  bool json = false;
  bool quiet = false;
  std::string out;
  ResultOutputs outputs;
  std::vector<std::string> arguments;  ///< behind --
};

SuiteOptions suite_options(const BenchFlags& flags) {
  SuiteOptions options;
  if (!flags.time.empty()) options.duration_ns = parse_duration_ns(flags.time);
  if (!flags.warm_up.empty()) options.warm_up_ns = parse_duration_ns(flags.warm_up);
  if (!flags.time_limit.empty()) options.time_limit_ns = parse_duration_ns(flags.time_limit);
  if (!flags.confidence.empty()) options.precision = parse_precision_goal(flags.confidence);
  options.rounds = flags.rounds;
  options.seed = flags.seed;
  options.congestion_control = flags.congestion_control;
  options.arguments = flags.arguments;
  return options;
}

/// For the subject's `run`. What can't be is an error before anything is made.
std::vector<std::string> record_flags_of(const BenchFlags& flags) {
  if (flags.record.empty()) {
    if (!flags.record_interval.empty())
      throw_usage_error("use", "--record-interval", "there is no --record");
    return {};
  }
  std::vector<std::string> record{"--record", flags.record};
  if (flags.record_interval.empty()) return record;
  check_record_options({.file = flags.record,
                        .interval_ns = parse_duration_ns(flags.record_interval),
                        .title = {},
                        .into = {}});
  record.insert(record.end(), {"--record-interval", flags.record_interval});
  return record;
}

std::vector<TestPathSpec> paths_of(const BenchFlags& flags) {
  TestPathSpec subject{.name = kSubject,
                       .kind = TestPathKind::kTunnel,
                       .program = flags.program.empty()
                                      ? std::filesystem::read_symlink("/proc/self/exe").string()
                                      : flags.program,
                       .arguments = {},
                       .congestion_control = flags.congestion_control};
  std::istringstream arguments(flags.flags);
  for (std::string argument; arguments >> argument;) subject.arguments.push_back(argument);
  subject.record = record_flags_of(flags);
  if (!flags.scenario.empty()) static_cast<void>(load_scenario(flags.scenario));  // or an error
  subject.scenario = flags.scenario;
  std::vector<TestPathSpec> paths{subject};
  if (flags.control == "veth")
    paths.push_back({.name = kControl,
                     .kind = TestPathKind::kVeth,
                     .program = "",
                     .arguments = {},
                     .congestion_control = flags.congestion_control});
  else if (flags.control == "lo")
    paths.push_back({.name = kControl, .kind = TestPathKind::kLo, .program = "", .arguments = {}});
  else if (flags.control != "none")
    throw_usage_error("use the control", "'" + flags.control + "'", "there is no such path",
                      "choose veth, lo or none");
  return paths;
}

nlohmann::json asked_of(const BenchFlags& flags, const SuiteOptions& options,
                        const std::vector<TestPathSpec>& paths) {
  nlohmann::json asked{{"suite", flags.suite},
                       {"flags", paths.front().arguments},
                       {"control", flags.control},
                       {"congestion_control", flags.congestion_control},
                       {"duration_ns", options.duration_ns},
                       {"warm_up_ns", options.warm_up_ns},
                       {"rounds", options.rounds},
                       {"time_limit_ns", options.time_limit_ns},
                       {"confidence", flags.confidence}};
  if (!flags.scenario.empty()) asked["scenario"] = flags.scenario;
  if (!options.arguments.empty()) asked["arguments"] = options.arguments;
  return asked;
}

/// 0 when every load has a sample that counts, and none had a wrong byte.
int exit_code_of(const Result& result) {
  bool failed = !result.complete || result.metrics.empty();
  for (const Metric& metric : result.metrics) {
    const std::vector<double> values = valid_values(metric, kSubject);
    const bool of_subject = !values.empty() || paths_of(metric).front() == kSubject;
    if (values.empty() && of_subject) failed = true;
    if (metric.name.ends_with("/corrupt"))
      for (const double value : values) failed = failed || value != 0;
  }
  return static_cast<int>(failed ? ExitCode::kFailed : ExitCode::kDone);
}

int bench(const BenchFlags& flags) {
  const Suite& suite = find_suite(flags.suite);
  const SuiteOptions options = complete_options(suite, suite_options(flags));
  const std::vector<TestPathSpec> paths = paths_of(flags);
  Result result = new_result(flags.suite);
  flags.outputs.label(result);
  result.seed = flags.seed;
  result.asked = asked_of(flags, options, paths);
  std::optional<ResultFile> file;
  if (!flags.out.empty()) file.emplace(flags.out);  // refused before anything is measured
  flags.outputs.check();
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP});
  bool stopped = false;
  {
    Progress progress(flags.quiet);
    double done = 0;
    Campaign campaign(
        paths, result,
        {.before_sample =
             [&](const SampleNote& note) {
               progress.report(
                   done, 1,
                   fmt::format("round {}, {} across {}", note.round + 1, note.load, note.path));
             },
         .is_stopped = [&] { return stopped = stopped || signals.next().has_value(); }});
    suite.run({.campaign = campaign,
               .options = options,
               .on_progress = [&](double now_done, const std::string& what) {
                 done = now_done;
                 if (file && !result.metrics.empty())
                   file->save_or_report(result, report_failed_save);
                 if (!what.empty()) progress.report(done, 1, what);
               }});
  }
  if (stopped) result.complete = false;
  // What was measured is reported before it is written: a full disk takes nothing away.
  fmt::print("{}",
             flags.json ? result_text(result) : terminal_text(result, standard_output_style()));
  std::fflush(stdout);
  flags.outputs.write(result, nullptr, file ? &*file : nullptr);
  return exit_code_of(result);
}

std::string suite_lines() {
  std::string lines = "suites:\n";
  for (const Suite& suite : suites())
    lines += fmt::format("  {:<11} {}\n", suite.name, suite.purpose);
  return lines;
}

}  // namespace

Subcommand add_bench_command(CLI::App& app) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand(
      "bench", "measure a tunnel with a suite of loads, the kernel's own path beside it");
  command->add_option("suite", flags->suite, "see below")->required();
  command->add_option("arguments", flags->arguments, "-- FLAGS of the external program")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FlagGroup subject(*command, "What is measured");
  subject.value("--program", flags->program, "FILE", "the tunrelay to measure [this one]");
  subject.value("--flags", flags->flags, "FLAGS", "flags for its `run`");
  subject.value("--control", flags->control, "veth|lo|none", "the test path beside it")
      ->capture_default_str();
  subject
      .value("--congestion-control", flags->congestion_control, "NAME",
             "what TCP begins with, on both test paths")
      ->capture_default_str();
  subject.value("--scenario", flags->scenario, "SCENARIO|FILE",
                "its link over time, from the beginning with each sample");
  FlagGroup samples(*command, "Samples");
  samples.value("-t,--time", flags->time, "TIME", "of a sample [the suite's]");
  samples.value("--warm-up", flags->warm_up, "TIME", "before each sample [a tenth of it]");
  samples.value("-r,--rounds", flags->rounds, "N", "samples of each load [the suite's]");
  samples.value("--confidence", flags->confidence, "LEVEL,WIDTH",
                "95,2%: repeat until medians are known to 2 % at 95 % confidence");
  samples.value("--time-limit", flags->time_limit, "TIME",
                "of the whole [soak, ndr, pdr and --confidence: 10m]");
  samples.value("--seed", flags->seed, "N", "random seed of the payload")->capture_default_str();
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "the result as JSON");
  output.flag("-q,--quiet", flags->quiet, "no progress");
  output.value("--out", flags->out, "FILE", "write the result as JSON, as it comes");
  output.value("--record", flags->record, "FILE",
               "write what the tunnel does over time, with a mark for each sample");
  output.value("--record-interval", flags->record_interval, "TIME", "of that, 1ms to 1h [100ms]");
  flags->outputs.add_to(*command);
  command->footer(suite_lines() +
                  "exit code: 0 measured, 1 a load has no sample that counts, or a byte was wrong\n"
                  "examples: sudo tunrelay bench throughput --out result.json\n"
                  "          sudo tunrelay bench iperf3 -- --udp --bitrate 1G");
  return {command, [flags] { return bench(*flags); }, OtherArguments::kBehindDashes};
}

}  // namespace tunrelay
