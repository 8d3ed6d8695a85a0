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
#include "base/whole_file.hpp"
#include "cli/verb.hpp"
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
  constexpr double kLeastAlpha = 0.0001;
  if (!(flags.alpha >= kLeastAlpha && flags.alpha < 1))
    throw_usage_error("judge with", fmt::format("alpha {:g}", flags.alpha),
                      fmt::format("it must be at least {:g} and below 1", kLeastAlpha));
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

Verb add_trend_verb(CLI::App& app) {
  auto flags = std::make_shared<TrendFlags>();
  CLI::App* command =
      app.add_subcommand("trend", "say since which commit a figure is better or worse");
  command->add_option("history", flags->history, "a file that --csv has written")->required();
  command->add_option("--metric", flags->choice.metric, "only metrics with this in their name");
  command->add_option("--link", flags->choice.link, "only this link [all but control and base]");
  command->add_flag("--ratio", flags->choice.ratio_to_control,
                    "the ratios to the control, of all machines together");
  command->add_option("--min-effect", flags->min_effect, "which change matters")
      ->capture_default_str();
  command->add_option("--alpha", flags->alpha, "how rarely a false alarm may be")
      ->capture_default_str();
  command->add_option("--fail-within", flags->fail_within,
                      "exit code 4 when one of the newest N points began a worse level");
  command->add_flag("--json", flags->json, "the trends as JSON");
  command->add_option("--markdown", flags->markdown, "write them as Markdown");
  command->footer(
      "A change of level is found once some points with the new level have come.\n"
      "example: tunrelay trend history.csv --metric throughput --fail-within 5");
  return {command, [flags] { return trend(*flags); }};
}

}  // namespace tunrelay
