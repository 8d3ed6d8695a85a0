// SPDX-License-Identifier: MIT
// `tunrelay link fit`: a link file that behaves as what was measured of a real link.
#include "fit/link_fit.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/direction.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "cli/link_control.hpp"
#include "config/flag_group.hpp"
#include "fit/measurement_files.hpp"
#include "link/stage_text.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {
namespace {

struct FitFlags {
  std::vector<std::string> files;  ///< the last one is written
  bool one_clock = false;
  bool json = false;
};

nlohmann::ordered_json way_json(const WayFit& way) {
  nlohmann::ordered_json json{{"packets", way.packets}, {"arrived", way.arrived}};
  if (way.rate) {
    const RateFit& rate = *way.rate;
    auto steps = nlohmann::ordered_json::array();
    for (const RateFit::Step& step : rate.steps)
      steps.push_back({{"at_ns", step.at_ns}, {"bits_per_s", step.bits_per_s}});
    json["rate"] = {{"steps", steps},
                    {"deviation", rate.deviation},
                    {"full_ratio", rate.full_ratio},
                    {"longest_wait_ns", rate.longest_wait_ns}};
  }
  if (way.delay)
    json["delay"] = {{"mean_ns", way.delay->config.delay_ns},
                     {"p5_ns", way.delay->p5_ns},
                     {"p50_ns", way.delay->p50_ns},
                     {"p95_ns", way.delay->p95_ns},
                     {"jitter_ns", way.delay->config.jitter_ns},
                     {"distance", way.delay->distance}};
  if (way.loss)
    json["loss"] = {{"model", print_stages({{way.loss->model, {}}})},
                    {"rate", way.loss->rate},
                    {"mean_burst", way.loss->mean_burst},
                    {"model_mean_burst", way.loss->model_mean_burst},
                    {"log_likelihood", way.loss->log_likelihood},
                    {"independent_log_likelihood", way.loss->independent_log_likelihood}};
  return json;
}

void print_way(std::string_view name, const WayFit& way) {
  if (way.packets != 0)
    fmt::print("{}  {} packets, {} arrived\n", name, format_count(way.packets),
               format_count(way.arrived));
  if (way.rate) {
    const auto& steps = way.rate->steps;
    fmt::print("{}  rate {}{}: {:.1f} % from what was measured in the mean\n", name,
               format_rate(static_cast<double>(steps.front().bits_per_s)),
               steps.size() == 1 ? "" : fmt::format(" and {} more steps", steps.size() - 1),
               100 * way.rate->deviation);
  }
  if (way.delay) {
    fmt::print("{}  delay {}: {:.4f} from what was measured\n", name,
               format_duration(static_cast<double>(way.delay->config.delay_ns)),
               way.delay->distance);
    fmt::print("{}  delays p5 {}, p50 {}, p95 {}\n", name,
               format_duration(static_cast<double>(way.delay->p5_ns)),
               format_duration(static_cast<double>(way.delay->p50_ns)),
               format_duration(static_cast<double>(way.delay->p95_ns)));
  }
  if (way.loss && way.loss->rate > 0)
    fmt::print("{}  {}: {:.2f} losses in a row, measured {:.2f}\n", name,
               print_stages({{way.loss->model, {}}}), way.loss->model_mean_burst,
               way.loss->mean_burst);
}

int run_fit(const FitFlags& flags) {
  const std::string& output = flags.files.back();
  if (!output.ends_with(".toml"))
    throw_usage_error("write the link to", output, "its name does not end in .toml",
                      "name it for example mine.toml; the table of delays is then mine.dist");
  const std::filesystem::path path(output);
  const LinkMeasurement measurement =
      read_measurement({flags.files.begin(), flags.files.end() - 1}, flags.one_clock);
  const LinkFit fit = fit_link(measurement, path.stem().string());
  for (const FittedFile& file : fit.files)
    replace_file((path.parent_path() / file.name).string(), file.text);
  replace_file(output, fit.toml);
  nlohmann::ordered_json json{{"round_trips", measurement.round_trips}};
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const WayFit& way = fit.ways[index_of(direction)];
    json[std::string(to_string(direction))] = way_json(way);
    if (!flags.json) print_way(to_string(direction), way);
  }
  if (flags.json) fmt::print("{}\n", json_text(json));
  return 0;
}

}  // namespace

std::function<std::optional<int>()> add_link_fit_command(CLI::App& link) {
  auto flags = std::make_shared<FitFlags>();
  CLI::App* command = link.add_subcommand(
      "fit", "make a link file that behaves as what was measured, and say how well it fits");
  command
      ->add_option(
          "files", flags->files,
          "what `ping -n ADDRESS` has printed, the JSON of `irtt client -o`, a capture, or "
          "the captures of both ends; and last the link file to write, NAME.toml")
      ->required()
      ->expected(2, 3);
  FlagGroup input(*command, "Input");
  input.flag("--one-clock", flags->one_clock,
             "IRTT: the clocks of both ends agree; each way has delays of its own");
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "how well it fits, as JSON");
  return [command, flags] {
    return command->parsed() ? std::optional(run_fit(*flags)) : std::nullopt;
  };
}

}  // namespace tunrelay
