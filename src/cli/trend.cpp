// SPDX-License-Identifier: MIT
// `tunrelay trend`: since which commit a figure is better or worse.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "os/whole_file.hpp"
#include "report/history_trend.hpp"

namespace tunrelay {
namespace {

struct TrendFlags {
  std::string history;
  HistoryChoice choice;
  std::string min_effect = "2%";
  double alpha = 0.01;
  std::size_t fail_within = 0;
  bool json = false;
  std::string markdown;
};

TrendOptions trend_options(const TrendFlags& flags) {
  TrendOptions options;
  options.min_effect = parse_percent(flags.min_effect);
  options.change_points.alpha = flags.alpha;
  constexpr double kMinAlpha = 0.0001;
  if (!(flags.alpha >= kMinAlpha && flags.alpha < 1))
    throw_usage_error("judge with", fmt::format("alpha {:g}", flags.alpha),
                      fmt::format("it must be at least {:g} and below 1", kMinAlpha));
  // With fewer random orders than that no change could reach alpha.
  options.change_points.permutations = std::max<std::size_t>(
      options.change_points.permutations, static_cast<std::size_t>(5 / flags.alpha) - 1);
  return options;
}

int trend(const TrendFlags& flags) {
  const TrendOptions options = trend_options(flags);
  const std::vector<MetricTrend> trends =
      history_trends(read_csv_history(flags.history), flags.choice, options);
  if (trends.empty())
    throw_usage_error("find a trend in", flags.history, "it has no figures of that metric and link",
                      "see its columns `metric` and `link`");
  if (!flags.markdown.empty()) replace_file(flags.markdown, trend_markdown(trends));
  if (flags.json)
    fmt::print("{}\n", json_text(trend_json(trends), 1));
  else
    fmt::print("{}", trend_text(trends));
  return got_worse_lately(trends, flags.fail_within) ? static_cast<int>(ExitCode::kRegression) : 0;
}

}  // namespace

Subcommand add_trend_command(CLI::App& app) {
  auto flags = std::make_shared<TrendFlags>();
  CLI::App* command =
      app.add_subcommand("trend", "say since which commit a figure is better or worse");
  command->add_option("history", flags->history, "a file that --csv has written")->required();
  FlagGroup series(*command, "Which figures");
  series.value("--metric", flags->choice.metric, "TEXT", "only metrics with this in their name");
  series.value("--path,--link", flags->choice.path, "NAME",
               "only this test path [all but control and base]");
  series.flag("--ratio", flags->choice.ratio_to_control,
              "the ratios to the control, of all machines together");
  FlagGroup verdict(*command, "Verdict");
  verdict.value("--min-effect", flags->min_effect, "P%", "which change matters")
      ->capture_default_str();
  verdict.value("--alpha", flags->alpha, "PROBABILITY", "how rarely a false alarm may be")
      ->capture_default_str();
  verdict.value("--fail-within", flags->fail_within, "N",
                "exit code 4 when one of the newest N points began a worse level; 0: never");
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "the trends as JSON");
  output.value("--markdown", flags->markdown, "FILE", "write them as Markdown");
  command->footer(
      "A change of level is found once some points with the new level have come.\n"
      "example: tunrelay trend history.csv --metric throughput --fail-within 5");
  return {command, [flags] { return trend(*flags); }};
}

}  // namespace tunrelay
