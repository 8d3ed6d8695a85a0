// SPDX-License-Identifier: MIT
// `tunrelay compare`: is the new one slower? Of two results, or of two programs that are measured
// against each other here and now.
#include "analysis/compare.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "analysis/comparability.hpp"
#include "analysis/noise.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "cli/new_result.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "config/flag_group.hpp"
#include "os/print.hpp"
#include "os/signal_watch.hpp"
#include "report/comparison.hpp"
#include "report/comparison_json.hpp"
#include "report/terminal.hpp"
#include "result/result_json.hpp"
#include "suite/comparison_run.hpp"
#include "suite/progress.hpp"

namespace tunrelay {
namespace {

struct CompareFlags {
  std::vector<std::string> files;  ///< BASE HEAD
  std::string base, head;
  std::string base_flags, head_flags;
  std::string time = "4m";
  std::string slice = "100ms";
  std::uint32_t rounds = 0;
  std::string min_effect = "2%";
  double alpha = 0.001;
  bool force = false;
  bool noise = false;
  bool quiet = false;
  bool json = false;
  std::string out;
  ResultOutputs outputs;
};

std::vector<std::string> split_arguments(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> arguments;
  for (std::string argument; stream >> argument;) arguments.push_back(argument);
  return arguments;
}

JudgeOptions judge_options(const CompareFlags& flags) {
  JudgeOptions options;
  options.alpha = flags.alpha;
  options.min_effect = parse_percent(flags.min_effect);
  check_options(options);
  return options;
}

void print_json(const nlohmann::ordered_json& json) {
  fmt::print("{}\n", json_text(json, 1));
}

/// Prints the comparison, writes the requested files, and gives the exit code.
int output_comparison(const CompareFlags& flags, const Comparison& comparison, const Result& head,
                      const std::string& base_name, const std::string& head_name,
                      ResultFile* file = nullptr) {
  const ComparisonReport report = comparison_report(comparison, base_name, head_name);
  if (flags.json)
    print_json(comparison_json(report));
  else
    fmt::print("{}", terminal_text(report, standard_output_style()));
  std::fflush(stdout);
  flags.outputs.write(head, &report, file);
  return static_cast<int>(exit_code_of(comparison.verdict));
}

int compare_files(const CompareFlags& flags) {
  flags.outputs.check();
  const Result base = read_result(flags.files[0]);
  Result head = read_result(flags.files[1]);
  flags.outputs.label(head);
  const std::vector<std::string> differences = incompatibilities(base, head);
  if (!differences.empty() && !flags.force)
    throw_unsupported_error("compare", flags.files[0] + " with " + flags.files[1],
                            fmt::format("{}", fmt::join(differences, "; ")),
                            "measure both here (--base PROGRAM --head PROGRAM), or use --force");
  for (const std::string& difference : differences)
    print_wrapped(stderr, fmt::format("tunrelay: note: {}\n", difference));
  for (const std::string& difference : differences_to_mention(base, head))
    print_wrapped(stderr, fmt::format("tunrelay: note: {}\n", difference));
  return output_comparison(flags, compare_results(base, head, judge_options(flags)), head,
                           flags.files[0], flags.files[1]);
}

void tell_noise(const CompareFlags& flags, const Result& result, const JudgeOptions& judge) {
  const std::vector<NoiseFloor> floors = noise_floors(result, judge);
  if (flags.json) return print_json(noise_json(floors));
  fmt::print("what this host can see, from {} runs that should be alike:\n",
             result.metrics.empty() ? 0 : result.metrics.front().samples.size());
  for (const NoiseFloor& floor : floors)
    fmt::print("  {:<36} spread {:5.1f} %   smallest change seen {:.1f} %\n", floor.metric,
               100 * floor.spread, 100 * floor.visible_change);
}

ComparisonPlan plan_of(const CompareFlags& flags) {
  ComparisonPlan plan;
  plan.base = {flags.base, split_arguments(flags.base_flags)};
  plan.head =
      flags.noise ? plan.base : ProgramUnderTest{flags.head, split_arguments(flags.head_flags)};
  plan.slice_ns = parse_duration_ns(flags.slice);
  plan.time_limit_ns = parse_duration_ns(flags.time);
  plan.rounds = flags.rounds;
  return plan;
}

int compare_programs(const CompareFlags& flags) {
  JudgeOptions judge = judge_options(flags);
  flags.outputs.check();
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP});
  const ComparisonPlan plan = plan_of(flags);
  if (plan.rounds == 0 && !flags.noise) judge = options_of_a_look(judge, plan.looks);
  Result result = new_result("compare");
  result.asked = {{"base", flags.base},
                  {"base_flags", plan.base.arguments},
                  {"head", plan.head.program},
                  {"head_flags", plan.head.arguments},
                  {"slice_ns", plan.slice_ns}};
  flags.outputs.label(result);
  std::optional<ResultFile> file;
  if (!flags.out.empty()) file.emplace(flags.out);
  bool stopped = false;
  {
    Progress progress(flags.quiet);
    const std::int64_t begin_ns = monotonic_ns();
    const auto on_round = [&](std::uint32_t round) {
      if (file) file->save_or_report(result, report_failed_save);
      const std::string what = fmt::format("round {}", round + 1);
      if (plan.rounds != 0)
        progress.report(round + 1, plan.rounds, what);
      else
        progress.report(static_cast<double>(monotonic_ns() - begin_ns),
                        static_cast<double>(plan.time_limit_ns), what);
    };
    ComparisonHooks hooks{
        .is_stopped = [&] { return stopped = stopped || signals.next().has_value(); },
        .on_round = on_round,
        .look = {}};
    if (!flags.noise) hooks.look = [&] { return compare_paths(result, judge); };
    run_comparison(plan, result, hooks);
  }
  result.complete = !stopped;
  ResultFile* const out = file ? &*file : nullptr;
  if (flags.noise) {
    tell_noise(flags, result, judge);
    std::fflush(stdout);
    flags.outputs.write(result, nullptr, out);
    return 0;
  }
  Comparison comparison = compare_paths(result, judge);
  settle_at_end(comparison);
  return output_comparison(flags, comparison, result, flags.base + " " + flags.base_flags,
                           flags.head + " " + flags.head_flags, out);
}

int compare(const CompareFlags& flags) {
  if (flags.files.size() == 2 && flags.base.empty() && flags.head.empty())
    return compare_files(flags);
  if (flags.files.empty() && !flags.base.empty() && (flags.noise || !flags.head.empty()))
    return compare_programs(flags);
  throw_usage_error("compare", "what was given", "it is neither two results nor two programs",
                    "give BASE.json HEAD.json, or --base PROGRAM --head PROGRAM, or "
                    "--base PROGRAM --noise");
}

}  // namespace

Subcommand add_compare_command(CLI::App& app) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = app.add_subcommand("compare", "say whether one is slower than the other");
  command->add_option("results", flags->files, "BASE.json HEAD.json of former runs")
      ->expected(0, 2)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FlagGroup subjects(*command, "What is compared");
  subjects.value("--base", flags->base, "FILE", "the program that was good");
  subjects.value("--head", flags->head, "FILE", "the program that is new");
  subjects.value("--base-flags", flags->base_flags, "FLAGS", "flags for `run` of the base");
  subjects.value("--head-flags", flags->head_flags, "FLAGS", "flags for `run` of the head");
  subjects.flag("--noise", flags->noise,
                "measure --base against itself: which change can this host see?");
  subjects.flag("--force", flags->force, "compare results of different machines or settings");
  FlagGroup samples(*command, "Samples and verdict");
  samples.value("-t,--time", flags->time, "TIME", "how long to measure two programs at most")
      ->capture_default_str();
  samples.value("--slice", flags->slice, "TIME", "how long a sample is")->capture_default_str();
  samples.value("--rounds", flags->rounds, "N", "exactly so many rounds, as far as --time lasts");
  samples.value("--min-effect", flags->min_effect, "P%", "which change matters")
      ->capture_default_str();
  samples.value("--alpha", flags->alpha, "PROBABILITY", "how rarely a false alarm may be")
      ->capture_default_str();
  FlagGroup output(*command, kOutputFlags);
  output.flag("-q,--quiet", flags->quiet, "no progress");
  output.flag("--json", flags->json, "the comparison as JSON");
  output.value("--out", flags->out, "FILE", "write the samples as a result");
  flags->outputs.add_to(*command);
  command->footer(
      "exit code: 0 nothing is worse, 4 something is, 5 it can't be said\n"
      "example: sudo tunrelay compare --base old/tunrelay --head new/tunrelay");
  return {command, [flags] { return compare(*flags); }};
}

}  // namespace tunrelay
