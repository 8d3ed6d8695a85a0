// `tunrelay bench`: a suite of loads across a tunnel, with the kernel's own link beside it.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/signal_watch.hpp"
#include "base/units.hpp"
#include "cli/new_result.hpp"
#include "cli/result_outputs.hpp"
#include "cli/terminal_style.hpp"
#include "cli/verb.hpp"
#include "measure/result_json.hpp"
#include "report/terminal.hpp"
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
  bool json = false;
  bool quiet = false;
  std::string out;
  ResultOutputs outputs;
  std::vector<std::string> words;  ///< behind --
};

SuiteOptions suite_options(const BenchFlags& flags) {
  SuiteOptions options;
  if (!flags.time.empty()) options.duration_ns = parse_duration_ns(flags.time);
  if (!flags.warm_up.empty()) options.warm_up_ns = parse_duration_ns(flags.warm_up);
  if (!flags.time_limit.empty()) options.time_limit_ns = parse_duration_ns(flags.time_limit);
  if (!flags.confidence.empty()) options.precision = parse_precision_goal(flags.confidence);
  options.rounds = flags.rounds;
  options.seed = flags.seed;
  options.words = flags.words;
  return options;
}

std::vector<LinkSpec> links_of(const BenchFlags& flags) {
  LinkSpec subject{.name = kSubject,
                   .kind = LinkKind::kTunnel,
                   .program = flags.program.empty()
                                  ? std::filesystem::read_symlink("/proc/self/exe").string()
                                  : flags.program,
                   .arguments = {}};
  std::istringstream words(flags.flags);
  for (std::string word; words >> word;) subject.arguments.push_back(word);
  std::vector<LinkSpec> links{subject};
  if (flags.control == "veth")
    links.push_back({.name = kControl, .kind = LinkKind::kVeth, .program = "", .arguments = {}});
  else if (flags.control == "lo")
    links.push_back({.name = kControl, .kind = LinkKind::kLo, .program = "", .arguments = {}});
  else if (flags.control != "none")
    throw_usage_error("use the control", "'" + flags.control + "'", "there is no such link",
                      "choose veth, lo or none");
  return links;
}

nlohmann::json asked_of(const BenchFlags& flags, const SuiteOptions& options,
                        const std::vector<LinkSpec>& links) {
  nlohmann::json asked{{"suite", flags.suite},
                       {"flags", links.front().arguments},
                       {"control", flags.control},
                       {"duration_ns", options.duration_ns},
                       {"warm_up_ns", options.warm_up_ns},
                       {"rounds", options.rounds},
                       {"time_limit_ns", options.time_limit_ns},
                       {"confidence", flags.confidence}};
  if (!options.words.empty()) asked["words"] = options.words;
  return asked;
}

/// 0 when every load has a sample that counts, and none had a wrong byte.
int exit_code_of(const Result& result) {
  bool failed = !result.complete || result.metrics.empty();
  for (const Metric& metric : result.metrics) {
    const std::vector<double> values = valid_values(metric, kSubject);
    const bool of_subject = !values.empty() || links_of(metric).front() == kSubject;
    if (values.empty() && of_subject) failed = true;
    if (metric.name.ends_with("/corrupt"))
      for (const double value : values) failed = failed || value != 0;
  }
  return static_cast<int>(failed ? ExitCode::kFailed : ExitCode::kDone);
}

int bench(const BenchFlags& flags) {
  const Suite& suite = find_suite(flags.suite);
  const SuiteOptions options = complete_options(suite, suite_options(flags));
  const std::vector<LinkSpec> links = links_of(flags);
  Result result = new_result(flags.suite);
  flags.outputs.label(result);
  result.seed = flags.seed;
  result.asked = asked_of(flags, options, links);
  std::optional<ResultFile> file;
  if (!flags.out.empty()) file.emplace(flags.out);  // refused before anything is measured
  flags.outputs.check();
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP});
  bool stopped = false;
  {
    Progress progress(flags.quiet);
    double done = 0;
    Campaign campaign(
        links, result,
        {.before_sample =
             [&](const SampleNote& note) {
               progress.tell(
                   done, 1,
                   fmt::format("round {}, {} across {}", note.round + 1, note.load, note.link));
             },
         .is_stopped = [&] { return stopped = stopped || signals.next().has_value(); }});
    suite.run({.campaign = campaign,
               .options = options,
               .on_progress = [&](double now_done, const std::string& what) {
                 done = now_done;
                 if (file && !result.metrics.empty()) file->save_or_tell(result, tell_failed_save);
                 if (!what.empty()) progress.tell(done, 1, what);
               }});
  }
  if (stopped) result.complete = false;
  // What was measured is told before it is written: a full disk takes nothing away.
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

Verb add_bench_verb(CLI::App& app) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand(
      "bench", "measure a tunnel with a suite of loads, the kernel's own link beside it");
  command->add_option("suite", flags->suite, "see below")->required();
  command->add_option("words", flags->words, "-- FLAGS of the external program")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--program", flags->program, "the tunrelay to measure [this one]");
  command->add_option("--flags", flags->flags, "flags for its `run`");
  command->add_option("--control", flags->control, "the link beside it: veth, lo, none")
      ->capture_default_str();
  command->add_option("-t,--time", flags->time, "of a sample [the suite's]");
  command->add_option("--warm-up", flags->warm_up, "before each sample [a tenth of it]");
  command->add_option("-r,--rounds", flags->rounds, "samples of each load [the suite's]");
  command->add_option("--confidence", flags->confidence,
                      "95,2%: repeat until medians are known to 2 % at 95 % confidence");
  command->add_option("--time-limit", flags->time_limit, "of the whole");
  command->add_option("--seed", flags->seed, "of the payload")->capture_default_str();
  command->add_flag("--json", flags->json, "the result as JSON");
  command->add_flag("-q,--quiet", flags->quiet, "no progress");
  command->add_option("--out", flags->out, "write the result as JSON to a file, as it comes");
  flags->outputs.add_to(*command);
  command->footer(suite_lines() +
                  "exit code: 0 measured, 1 a load has no sample that counts, or a byte was wrong\n"
                  "examples: sudo tunrelay bench throughput --out result.json\n"
                  "          sudo tunrelay bench iperf3 -- --udp --bitrate 1G");
  return {command, [flags] { return bench(*flags); }, OtherWords::kBehindDashes};
}

}  // namespace tunrelay
