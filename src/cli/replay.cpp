// SPDX-License-Identifier: MIT
// `tunrelay replay IN OUT`: the stages of a link over the packets of a file, in virtual time.
#include "replay/replay.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "base/units.hpp"
#include "cli/subcommand.hpp"
#include "cli/version.hpp"
#include "config/flag_group.hpp"
#include "config/link_flags.hpp"
#include "link/link_report_text.hpp"
#include "replay/replay_json.hpp"

namespace tunrelay {
namespace {

struct ReplayFlags {
  LinkFlags link;
  std::string input;
  std::string output;
  std::string direction = "a-to-b";
  std::string interface;
  std::vector<std::string> stages;
  bool json = false;
};

Tally dropped_in_all(const ReplayReport& report) {
  Tally sum;
  for (const Tally& reason : report.dropped) sum += reason;
  return sum;
}

std::string replay_text(const ReplayReport& report, std::size_t direction) {
  std::string text = fmt::format("replayed {} packets, {} over {}: {} came out, {} dropped\n",
                                 format_count(report.read.packets), format_bytes(report.read.bytes),
                                 format_duration(static_cast<double>(report.duration_ns)),
                                 format_count(report.written.packets),
                                 format_count(dropped_in_all(report).packets));
  text += link_lines(report.link, direction);
  if (!report.link.empty())
    text += fmt::format("  link      --seed {} repeats its random numbers\n", report.link.seed);
  if (report.link_changes != 0)
    text += fmt::format("  scenario  {} changes of the link\n", format_count(report.link_changes));
  if (report.made.packets != 0)
    text +=
        fmt::format("  made      {} packets more by stages\n", format_count(report.made.packets));
  if (report.cut != 0)
    text += fmt::format("  note      {} packets were left out: the file has not all of them\n",
                        format_count(report.cut));
  if (report.disordered != 0)
    text += fmt::format("  note      {} packets were stamped earlier than those before them\n",
                        format_count(report.disordered));
  return text;
}

int run_replay(const ReplayFlags& flags) {
  const std::string version = version_text();
  std::vector<StageRequest> stages;
  for (const std::string& text : flags.stages) stages.push_back(StageRequest::parse(text));
  const ReplayOptions options{.input = flags.input,
                              .output = flags.output,
                              .link = link_description(flags.link),
                              .scenario = scenario_of(flags.link),
                              .direction = flags.direction == "a-to-b" ? 0U : 1U,
                              .interface = flags.interface,
                              .application = version.substr(0, version.find('\n')),
                              .stages = std::move(stages)};
  const ReplayReport report = replay(options);
  if (flags.json)
    fmt::print("{}\n", json_text(replay_json(report)));
  else
    fmt::print("{}", replay_text(report, options.direction));
  return 0;
}

}  // namespace

Subcommand add_replay_command(CLI::App& app) {
  auto flags = std::make_shared<ReplayFlags>();
  CLI::App* command = app.add_subcommand(
      "replay",
      "take the packets of a file through an emulated link in virtual time, without root");
  command->add_option("input", flags->input, "a pcap or pcapng file")->required();
  command->add_option("output", flags->output, "the pcapng file to write")->required();
  add_link_flags(*command, flags->link);
  add_scenario_flag(*command, flags->link);
  FlagGroup(*command, "Emulated link")
      .value(
          "--stage", flags->stages, "LIBRARY.so[,KEY=VALUE]...",
          "a stage of your own; given again, the first is next to the devices and the last next "
          "to the link. What it sends back crosses the other direction, and is in the output too")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  FlagGroup packets(*command, "Packets");
  packets.choice("--direction", flags->direction, {"a-to-b", "b-to-a"},
                 "whose stages the packets meet");
  packets.value("--interface", flags->interface, "NAME|N",
                "of a file with several, by name or number from 0 [all of them; of a capture by "
                "tunrelay the one that the direction begins at]");
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "the summary as JSON");
  command->footer(
      "The same file, link and seed give the same output, bit for bit.\n"
      "example: tunrelay replay in.pcap out.pcapng --a-to-b 'rate 10mbit limit 100ms' --seed 1");
  return {command, [flags] { return run_replay(*flags); }};
}

}  // namespace tunrelay
