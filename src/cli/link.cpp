// SPDX-License-Identifier: MIT
// `tunrelay link`: the stages of an emulated link, and the profiles that there are.
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "cli/link_control.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "link/link_file.hpp"
#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

struct ProfileFlags {
  std::string name;
  bool json = false;
};

int print_profiles(const ProfileFlags& flags) {
  if (!flags.name.empty()) {
    fmt::print("{}", find_profile(flags.name).toml);
    return 0;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LinkProfile& profile : link_profiles()) {
    const std::string summary = parse_link(profile.toml, std::string(profile.name)).summary;
    if (flags.json)
      list.push_back({{"name", profile.name}, {"summary", summary}});
    else
      fmt::print("{:<11} {}\n", profile.name, summary);
  }
  if (flags.json) fmt::print("{}\n", json_text(list));
  return 0;
}

}  // namespace

Subcommand add_link_command(CLI::App& app) {
  auto flags = std::make_shared<ProfileFlags>();
  CLI::App* command =
      app.add_subcommand("link", "the emulated link: its stages, and profiles of known links");
  command->require_subcommand(1);
  CLI::App* profiles = command->add_subcommand(
      "profiles", "list the profiles, or print one as TOML, to be changed and used as a file");
  profiles->add_option("name", flags->name, "the profile to print");
  FlagGroup output(*profiles, kOutputFlags);
  output.flag("--json", flags->json, "the list as JSON");
  command->footer(
      "Comma-separated stages for --a-to-b and --b-to-a of `run` and `exec`; each may end with\n"
      "if \"FILTER\", a tcpdump expression for the packets that it is for:\n" +
      stage_text_help() +
      "example: tunrelay exec --a-to-b 'delay 20ms 2ms, loss 1% if \"udp port 53\"' -- ...\n"
      "         tunrelay link profiles lte > mine.toml; tunrelay exec --link ./mine.toml -- ...");
  const std::function<int()> talk = add_link_control_commands(*command);
  return {command, [=] { return profiles->parsed() ? print_profiles(*flags) : talk(); }};
}

}  // namespace tunrelay
