// SPDX-License-Identifier: MIT
// `tunrelay link`: the stages of an emulated link, and the profiles and scenarios that there are.
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
#include "scenario/scenario_file.hpp"

namespace tunrelay {
namespace {

struct ProfileFlags {
  std::string name;
  bool json = false;
};

/// The file of NAME, a profile's or a scenario's.
std::string_view toml_of(const std::string& name) {
  for (const LinkProfile& scenario : ready_scenarios())
    if (scenario.name == name) return scenario.toml;
  return find_profile(name).toml;
}

std::string summary_of(const LinkProfile& scenario) {
  return parse_scenario(scenario.toml, std::string(scenario.name), {}).summary;
}

int print_profiles(const ProfileFlags& flags) {
  if (!flags.name.empty()) {
    fmt::print("{}", toml_of(flags.name));
    return 0;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string text;
  const auto add = [&](const char* kind, std::string_view name, const std::string& summary) {
    list.push_back({{"name", name}, {"summary", summary}, {"kind", kind}});
    text += fmt::format("{:<17}  {}\n", name, summary);
  };
  for (const LinkProfile& profile : link_profiles())
    add("link", profile.name, parse_link(profile.toml, std::string(profile.name)).summary);
  text += "\nscenarios, for --scenario:\n";
  for (const LinkProfile& scenario : ready_scenarios())
    add("scenario", scenario.name, summary_of(scenario));
  fmt::print("{}", flags.json ? json_text(list) + "\n" : text);
  return 0;
}

}  // namespace

Subcommand add_link_command(CLI::App& app) {
  auto flags = std::make_shared<ProfileFlags>();
  CLI::App* command = app.add_subcommand(
      "link", "the emulated link: its stages, profiles of known links, scenarios");
  command->require_subcommand(1);
  CLI::App* profiles = command->add_subcommand(
      "profiles",
      "list the profiles and scenarios, or print one as TOML, to be changed and used as a file");
  profiles->add_option("name", flags->name, "the profile or scenario to print");
  FlagGroup output(*profiles, kOutputFlags);
  output.flag("--json", flags->json, "the list as JSON");
  command->footer(
      "Comma-separated stages for --a-to-b and --b-to-a of `run` and `exec`; each may end with\n"
      "if \"FILTER\", a tcpdump expression for the packets that it is for:\n" +
      stage_text_help() +
      "example: tunrelay exec --a-to-b 'delay 20ms 2ms, loss 1% if \"udp port 53\"' -- ...\n"
      "         tunrelay link profiles lte > mine.toml; tunrelay exec --link ./mine.toml -- ...");
  const std::function<int()> talk = add_link_control_commands(*command);
  const std::function<std::optional<int>()> fit = add_link_fit_command(*command);
  return {command, [=] {
            if (profiles->parsed()) return print_profiles(*flags);
            const std::optional<int> fitted = fit();
            return fitted ? *fitted : talk();
          }};
}

}  // namespace tunrelay
