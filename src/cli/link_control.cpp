// SPDX-License-Identifier: MIT
#include "cli/link_control.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "base/json_number.hpp"
#include "base/json_text.hpp"
#include "config/flag_group.hpp"
#include "config/link_flags.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "control/tunnel_service.hpp"
#include "link/link_toml.hpp"
#include "link/stage_files.hpp"
#include "scenario/scenario_file.hpp"

namespace tunrelay {
namespace {

struct LinkControlFlags {
  std::string control_socket;
  LinkFlags link;
  bool stop = false;
  bool json_wanted = false;
};

void print_link(const nlohmann::json& link) {
  for (const char* key : {"a_to_b", "b_to_a"}) {
    const std::string text = link.at(key);
    fmt::print("{}  {}\n", key, text.empty() ? "(nothing is done to packets)" : clean_line(text));
  }
  fmt::print("seed    {}\n", whole_number<std::uint64_t>(link, "seed"));
}

/// The link, and how each direction has come to what it is.
void print_change(const nlohmann::json& answer) {
  print_link(answer.at("link"));
  // A relay that was started by an older tunrelay replaces both, and does not say so.
  if (!answer.contains("change")) return;
  for (const char* key : {"a_to_b", "b_to_a"})
    fmt::print("{}  {}\n", key, answer.at("change").at(key).get<std::string>());
}

int show_link(const LinkControlFlags& flags) {
  const nlohmann::json answer =
      ControlClient(find_control(flags.control_socket)).call({{"method", "show"}});
  if (flags.json_wanted) {
    fmt::print("{}\n", json_text(answer));
    return 0;
  }
  fmt::print("{} <-> {}\n", answer.at("a").get<std::string>(), answer.at("b").get<std::string>());
  print_link(answer.at("link"));
  for (const char* key : {"a_to_b", "b_to_a"}) {
    const nlohmann::json& lane = answer.at("report").at(key);
    std::uint64_t dropped = 0;
    for (const auto& [reason, tally] : lane.at("dropped").items())
      dropped += whole_number<std::uint64_t>(tally, "packets");
    // A relay that was started by an older tunrelay says "held".
    const nlohmann::json& queued = lane.at(lane.contains("queued") ? "queued" : "held");
    fmt::print("{}  {} packets read, {} written, {} queued, {} dropped\n", key,
               whole_number<std::uint64_t>(lane.at("read"), "packets"),
               whole_number<std::uint64_t>(lane.at("written"), "packets"),
               whole_number<std::uint64_t>(queued, "packets"), dropped);
  }
  return 0;
}

int send_link_request(const LinkControlFlags& flags, const LinkRequest& request) {
  const nlohmann::json answer = ControlClient(find_control(flags.control_socket))
                                    .call(request.json, request.attachment.get());
  if (flags.json_wanted)
    fmt::print("{}\n", json_text(answer));
  else
    print_change(answer);
  return 0;
}

/// What is not named in COMMAND stays as it is.
int set_link(const CLI::App& command, const LinkControlFlags& flags) {
  LinkDescription link = link_description(flags.link);
  name_files_from_root(link);
  const bool whole = command.count("--link") != 0;
  const std::array<bool, 2> is_named{whole || command.count("--a-to-b") != 0,
                                     whole || command.count("--b-to-a") != 0};
  if (!is_named[0] && !is_named[1] && !link.seed)
    throw_usage_error("change", "nothing", "no flag says what",
                      "add --a-to-b, --b-to-a, --link or --seed");
  return send_link_request(flags, make_link_request(std::move(link), is_named));
}

int play_scenario(const LinkControlFlags& flags) {
  if (flags.stop == !flags.link.scenario.empty())
    throw_usage_error("play", "a scenario", "a name or a file is needed, or --stop, and not both",
                      "tunrelay link profiles lists scenarios");
  if (flags.stop)
    return send_link_request(flags,
                             {.json = {{"method", "scenario"}, {"stop", true}}, .attachment = {}});
  // Who looks at it later may be in another folder.
  std::string name = flags.link.scenario;
  if (is_file_name(name)) name = std::filesystem::absolute(name).string();
  return send_link_request(flags, make_scenario_request(*load_scenario(name), flags.link.seed));
}

}  // namespace

void name_files_from_root(LinkDescription& link) {
  for (StageList& stages : link.directions)
    for (StageFile* file : files_of(stages))
      file->name = std::filesystem::absolute(file->name).string();
}

std::function<int()> add_link_control_commands(CLI::App& link) {
  auto flags = std::make_shared<LinkControlFlags>();
  const auto add = [&](const char* name, const char* help) {
    CLI::App* command = link.add_subcommand(name, help);
    FlagGroup relay(*command, "Relay");
    relay.value("--control-socket,--control", flags->control_socket, "PATH",
                "the running relay's socket [that of the only one]");
    FlagGroup output(*command, kOutputFlags);
    output.flag("--json", flags->json_wanted, "the answer as JSON");
    return command;
  };
  CLI::App* show = add("show", "the link of a running relay, and what it has done");
  CLI::App* set = add("set", "change the link of a running relay; what is not named stays");
  add_link_flags(*set, flags->link);
  CLI::App* scenario =
      add("scenario", "play a scenario on a running relay: its link changes over time");
  scenario->add_option("scenario", flags->link.scenario, "a scenario's name, or a TOML file");
  FlagGroup playing(*scenario, "Scenario");
  playing.flag("--stop", flags->stop, "end the one that plays; the link stays as it is");
  playing.value("--seed", flags->link.seed, "N",
                "random seed of the scenario, to repeat it [the file's, or generated]");
  CLI::App* clear = add("clear", "nothing is done to packets any more");
  return [=] {
    if (show->parsed()) return show_link(*flags);
    if (set->parsed()) return set_link(*set, *flags);
    if (scenario->parsed()) return play_scenario(*flags);
    static_cast<void>(clear);
    return send_link_request(*flags, make_link_request({}, {true, true}));
  };
}

}  // namespace tunrelay
