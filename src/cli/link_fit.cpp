// SPDX-License-Identifier: MIT
// `tunrelay link fit`: a link file that behaves as what ping has measured.
#include "link/link_fit.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "cli/link_control.hpp"
#include "config/flag_group.hpp"
#include "link/stage_text.hpp"
#include "os/input_file.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxPingBytes = std::size_t{1} << 30U;

struct FitFlags {
  std::string input;
  std::string output;
  bool json = false;
};

nlohmann::ordered_json fit_json(const LinkFit& fit) {
  return {{"packets", fit.packets},
          {"answers", fit.answers},
          {"delay",
           {{"mean_ns", fit.delay.config.delay_ns},
            {"jitter_ns", fit.delay.config.jitter_ns},
            {"distance", fit.delay.distance}}},
          {"loss",
           {{"model", print_stages({{fit.loss.model, {}}})},
            {"rate", fit.loss.rate},
            {"mean_burst", fit.loss.mean_burst},
            {"model_mean_burst", fit.loss.model_mean_burst},
            {"log_likelihood", fit.loss.log_likelihood},
            {"independent_log_likelihood", fit.loss.independent_log_likelihood}}}};
}

int run_fit(const FitFlags& flags) {
  if (!flags.output.ends_with(".toml"))
    throw_usage_error("write the link to", flags.output, "its name does not end in .toml",
                      "name it for example mine.toml; the table of delays is then mine.dist");
  std::filesystem::path table = flags.output;
  table.replace_extension(".dist");
  const RoundTrips trips =
      parse_ping(read_whole_file(flags.input, "read", kMaxPingBytes), flags.input);
  const LinkFit fit = fit_link(trips, flags.input, table.filename().string());
  if (!fit.table.empty()) replace_file(table.string(), fit.table);
  replace_file(flags.output, fit.toml);
  if (flags.json) {
    fmt::print("{}\n", json_text(fit_json(fit)));
    return 0;
  }
  fmt::print("{} packets, {} answers: {} in {}, {:.4f} from what was measured\n",
             format_count(fit.packets), format_count(fit.answers),
             format_duration(static_cast<double>(fit.delay.config.delay_ns)), flags.output,
             fit.delay.distance);
  if (fit.loss.rate > 0)
    fmt::print("{}: {:.2f} losses in a row, measured {:.2f}\n",
               print_stages({{fit.loss.model, {}}}), fit.loss.model_mean_burst,
               fit.loss.mean_burst);
  return 0;
}

}  // namespace

std::function<std::optional<int>()> add_link_fit_command(CLI::App& link) {
  auto flags = std::make_shared<FitFlags>();
  CLI::App* command = link.add_subcommand(
      "fit", "make a link file that behaves as what ping has measured, and say how well it fits");
  command->add_option("input", flags->input, "what `ping -n ADDRESS` has printed")->required();
  command->add_option("output", flags->output, "the link file to write, NAME.toml")->required();
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "how well it fits, as JSON");
  return [command, flags] {
    return command->parsed() ? std::optional(run_fit(*flags)) : std::nullopt;
  };
}

}  // namespace tunrelay
