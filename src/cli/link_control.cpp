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
#include "base/json_text.hpp"
#include "config/flag_group.hpp"
#include "config/link_flags.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "control/tunnel_service.hpp"
#include "link/stage_files.hpp"

namespace tunrelay {
namespace {

struct LinkControlFlags {
  std::string control_socket;
  LinkFlags link;
  bool json_wanted = false;
};

/// Who looks at the link later may be in another folder.
void name_files_from_root(LinkDescription& link) {
  for (StageList& stages : link.directions)
    for (StageFile* file : files_of(stages))
      file->name = std::filesystem::absolute(file->name).string();
}

void print_link(const nlohmann::json& link) {
  for (const char* key : {"a_to_b", "b_to_a"}) {
    const std::string text = link.at(key);
    fmt::print("{}  {}\n", key, text.empty() ? "(nothing is done to packets)" : clean_line(text));
  }
  fmt::print("seed    {}\n", link.at("seed").get<std::uint64_t>());
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
      dropped += tally.at("packets").get<std::uint64_t>();
    // A relay that was started by an older tunrelay says "held".
    const nlohmann::json& queued = lane.at(lane.contains("queued") ? "queued" : "held");
    fmt::print("{}  {} packets read, {} written, {} queued, {} dropped\n", key,
               lane.at("read").at("packets").get<std::uint64_t>(),
               lane.at("written").at("packets").get<std::uint64_t>(),
               queued.at("packets").get<std::uint64_t>(), dropped);
  }
  return 0;
}

int send_link_request(const LinkControlFlags& flags, const LinkRequest& request) {
  const nlohmann::json answer = ControlClient(find_control(flags.control_socket))
                                    .call(request.json, request.attachment.get());
  if (flags.json_wanted)
    fmt::print("{}\n", json_text(answer));
  else
    print_link(answer.at("link"));
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

}  // namespace

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
  CLI::App* clear = add("clear", "nothing is done to packets any more");
  return [=] {
    if (show->parsed()) return show_link(*flags);
    if (set->parsed()) return set_link(*set, *flags);
    static_cast<void>(clear);
    return send_link_request(*flags, make_link_request({}, {true, true}));
  };
}

}  // namespace tunrelay
