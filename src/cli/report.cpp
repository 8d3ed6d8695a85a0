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
#include "base/error.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "config/flag_group.hpp"
#include "os/input_file.hpp"
#include "os/whole_file.hpp"
#include "record/record_text.hpp"
#include "report/comparison.hpp"
#include "report/html_record.hpp"
#include "report/joined_result.hpp"
#include "report/record_forms.hpp"
#include "report/record_spans.hpp"
#include "report/terminal.hpp"
#include "result/result_json.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30U;

struct ReportFlags {
  std::vector<std::string> files;
  std::string csv_series;
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

/// RECORD in the forms that there are of one.
int report_record(const Record& record, const ReportFlags& flags) {
  if (!flags.base.empty() || flags.json || flags.outputs.any_but("--html"))
    throw_usage_error("show", "a record", "there is no such form of it",
                      "a record can be printed, and written with --html and --csv-series");
  const std::string html = flags.outputs.path_of("--html");
  if (!flags.csv_series.empty()) replace_file(output_place(flags.csv_series), record_csv(record));
  if (!html.empty()) replace_file(output_place(html), html_record(record));
  if (!flags.csv_series.empty() || !html.empty()) return 0;
  const std::size_t columns = standard_output_style().columns;
  if (const TextTable spans = span_table(record); !spans.rows.empty())
    fmt::print("{}\n", as_terminal(spans, columns));
  fmt::print("{}", as_terminal(record_table(record), columns));
  return 0;
}

int report(const ReportFlags& flags) {
  flags.outputs.check();
  std::vector<Result> results;
  for (const std::string& file : flags.files) {
    const std::string text = read_whole_file(file, "read the result", kMaxFileBytes);
    if (!is_record(text)) {
      results.push_back(result_from_text(text, file));
      continue;
    }
    if (flags.files.size() > 1)
      throw_usage_error("show", "several files with the record " + file, "a record stands alone");
    return report_record(parse_record(text, file), flags);
  }
  if (!flags.csv_series.empty())
    throw_usage_error("write", "--csv-series", "none of the files is a record",
                      "`tunrelay run --record` makes one");
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
  CLI::App* command =
      app.add_subcommand("report", "show results of former runs, or a record, in other forms");
  command->add_option("results", flags->files, "results in JSON; several become one. Or one record")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FlagGroup output(*command, kOutputFlags);
  output.value("--base", flags->base, "FILE", "a former result to stand beside it");
  output.value("--csv-series", flags->csv_series, "FILE",
               "of a record: write a row an interval, direction and stage as CSV");
  output.flag("--json", flags->json, "the result as JSON, for example of several files");
  flags->outputs.add_to(*command);
  command->footer(
      "Without a form the tables are printed. A file '-' is standard output.\n"
      "example: tunrelay report throughput.json latency.json --html report.html --csv history.csv");
  return {command, [flags] { return report(*flags); }};
}

}  // namespace tunrelay
