#include "wording/link_flags.hpp"

#include <CLI/CLI.hpp>

#include "link/link_file.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"

namespace tunrelay {

void add_link_flags(CLI::App& command, LinkFlags& flags) {
  command.add_option("--a-to-b", flags.a_to_b,
                     "what packets from a to b meet, for example 'delay 20ms 2ms, loss 0.1%, rate "
                     "10mbit'; see tunrelay link --help");
  command.add_option("--b-to-a", flags.b_to_a, "what packets from b to a meet");
  command.add_option(
      "--link", flags.link,
      "a link with both directions: a profile (tunrelay link profiles) or a TOML file");
  command.add_option("--seed", flags.seed,
                     "of the link's chances, to repeat a run [drawn and told]");
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
