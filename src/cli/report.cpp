// SPDX-License-Identifier: MIT
// `tunrelay report`: results of former runs in other forms.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "analysis/comparability.hpp"
#include "analysis/compare.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "config/flag_group.hpp"
#include "report/comparison.hpp"
#include "report/joined_result.hpp"
#include "report/terminal.hpp"
#include "result/result_json.hpp"

namespace tunrelay {
namespace {

struct ReportFlags {
  std::vector<std::string> files;
  std::string base;
  bool json = false;
  ResultOutputs outputs;
};

/// RESULT beside the baseline; what makes them differ becomes notes of RESULT.
ComparisonReport beside_baseline(const std::string& path, Result& result) {
  const Result base = read_result(path);
  for (const auto& differences :
       {incompatibilities(base, result), differences_to_mention(base, result)})
    for (const std::string& difference : differences)
      result.notes.push_back(fmt::format("The baseline: {}.", difference));
  return comparison_report(compare_results(base, result), path, "this result");
}

int report(const ReportFlags& flags) {
  flags.outputs.check();
  std::vector<Result> results;
  for (const std::string& file : flags.files) results.push_back(read_result(file));
  Result result = joined_result(results);
  flags.outputs.label(result);
  std::optional<ComparisonReport> comparison;
  if (!flags.base.empty()) comparison = beside_baseline(flags.base, result);
  if (flags.json) {
    fmt::print("{}", result_text(result));
  } else if (!flags.outputs.any()) {
    fmt::print("{}", terminal_text(result, standard_output_style()));
    if (comparison) fmt::print("\n{}", terminal_text(*comparison, standard_output_style()));
  }
  flags.outputs.write(result, comparison ? &*comparison : nullptr);
  return 0;
}

}  // namespace

Subcommand add_report_command(CLI::App& app) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand("report", "show results of former runs in other forms");
  command->add_option("results", flags->files, "results in JSON; several become one")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FlagGroup output(*command, kOutputFlags);
  output.value("--base", flags->base, "FILE", "a former result to stand beside it");
  output.flag("--json", flags->json, "the result as JSON, for example of several files");
  flags->outputs.add_to(*command);
  command->footer(
      "Without a form the tables are printed. A file '-' is standard output.\n"
      "example: tunrelay report throughput.json latency.json --html report.html --csv history.csv");
  return {command, [flags] { return report(*flags); }};
}

}  // namespace tunrelay
