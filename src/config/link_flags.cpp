// SPDX-License-Identifier: MIT
#include "config/link_flags.hpp"

#include <CLI/CLI.hpp>

#include "config/flag_group.hpp"
#include "link/link_file.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "scenario/scenario_file.hpp"

namespace tunrelay {

void add_link_flags(CLI::App& command, LinkFlags& flags) {
  FlagGroup group(command, "Emulated link");
  group.value("--a-to-b", flags.a_to_b, "STAGES",
              "what packets from a to b meet, for example 'delay 20ms 2ms, loss 0.1%, rate "
              "10mbit'; see tunrelay link --help");
  group.value("--b-to-a", flags.b_to_a, "STAGES", "what packets from b to a meet");
  group.value("--link", flags.link, "PROFILE|FILE",
              "a link with both directions: a profile (tunrelay link profiles) or a TOML file");
  group.value("--seed", flags.seed, "N",
              "random seed of the link, to repeat a run [generated and printed]");
}

void add_scenario_flag(CLI::App& command, LinkFlags& flags) {
  FlagGroup group(command, "Emulated link");
  group.value("--scenario", flags.scenario, "SCENARIO|FILE",
              "what becomes of the link over time: a scenario (tunrelay link profiles) or a TOML "
              "file");
}

std::shared_ptr<const Scenario> scenario_of(const LinkFlags& flags) {
  return flags.scenario.empty() ? nullptr : load_scenario(flags.scenario);
}

LinkDescription link_description(const LinkFlags& flags) {
  LinkDescription link;
  if (!flags.link.empty()) link = load_link(flags.link).description;
  if (!flags.a_to_b.empty()) link.directions[0] = parse_stages({flags.a_to_b, "--a-to-b"});
  if (!flags.b_to_a.empty()) link.directions[1] = parse_stages({flags.b_to_a, "--b-to-a"});
  if (flags.seed) link.seed = flags.seed;
  read_stage_files(link);
  return link;
}

}  // namespace tunrelay
