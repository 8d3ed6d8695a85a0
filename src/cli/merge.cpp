// SPDX-License-Identifier: MIT
// `tunrelay merge`: the results of many runs, on many machines, as one result.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "analysis/merged_result.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "os/print.hpp"
#include "os/whole_file.hpp"
#include "result/origin.hpp"
#include "result/result_json.hpp"

namespace tunrelay {
namespace {

struct MergeFlags {
  std::vector<std::string> files;
  std::string out = "-";
  bool force = false;
};

void note(const std::string& sentence) {
  print_wrapped(stderr, fmt::format("tunrelay: note: {}\n", sentence));
}

/// What merged results should not be, and may be all the same.
void note_doubts(const Result& merged) {
  std::size_t unknown = 0;
  std::size_t cut_short = 0;
  for (const Origin& origin : merged.origins) {
    if (origin.machine == machine_of({})) ++unknown;
    if (!origin.complete) ++cut_short;
  }
  if (unknown != 0)
    note(
        fmt::format("{} of {} runs do not say on which machine they were made, and count as of "
                    "one: use --machine where they are measured",
                    format_count(unknown), format_count(merged.origins.size())));
  if (cut_short != 0)
    note(fmt::format("{} of {} runs were cut short", format_count(cut_short),
                     format_count(merged.origins.size())));
}

int merge(const MergeFlags& flags) {
  if (flags.out != "-") check_replaceable(flags.out);  // before gigabytes are read
  ResultMerger merger;
  for (const std::string& file : flags.files) {
    ResultMerger::Input input{.result = read_result(file), .source = file};
    const std::vector<std::string> differences = merger.differences(input);
    if (!differences.empty() && !flags.force)
      throw_usage_error("merge", file, fmt::format("{}", fmt::join(differences, "; ")),
                        "results of one configuration add up; --force merges others");
    for (const std::string& difference : differences) note(difference);
    merger.add(std::move(input));
  }
  const Result merged = merger.take();
  note_doubts(merged);
  write_output(flags.out, result_text(merged));
  return 0;
}

}  // namespace

Subcommand add_merge_command(CLI::App& app) {
  auto flags = std::make_shared<MergeFlags>();
  CLI::App* command = app.add_subcommand(
      "merge", "join results of many runs or machines: histograms add up, samples keep their run");
  command
      ->add_option("results", flags->files, "results in JSON of one configuration, merged or not")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FlagGroup output(*command, kOutputFlags);
  output.value("-o,--out", flags->out, "FILE", "where the merged result goes")
      ->capture_default_str();
  output.flag("--force", flags->force, "merge results of other configurations too");
  command->footer(
      "The order of the results does not matter. `report` shows the spread between machines.\n"
      "example: tunrelay merge results/*.json --out all.json && tunrelay report all.json");
  return {command, [flags] { return merge(*flags); }};
}

}  // namespace tunrelay
