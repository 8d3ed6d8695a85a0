#include "cli/command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/inherited_descriptors.hpp"
#include "base/wrap.hpp"
#include "cli/command_words.hpp"
#include "cli/verb.hpp"
#include "cli/version.hpp"
#include "route/janitor.hpp"
#include "wording/config_file.hpp"

namespace tunrelay {
namespace {

constexpr const char* kFooter =
    "exit codes: 0 done, 1 failed, 2 usage, 3 this host can't, 4 regression, 5 inconclusive;\n"
    "            `exec` returns its command's own";

}  // namespace

int run_command_line(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  run_janitor(words);  // does not return where a tunnel has spawned us as its janitor
  CLI::App app("tunrelay joins two TUN or TAP interfaces of one Linux host in user space",
               "tunrelay");
  app.require_subcommand(1);
  app.footer(kFooter);
  app.set_version_flag("--version", [] { return version_text(); });
  // A flag given twice: the last one wins, so that flags win over the configuration file.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const std::vector<Verb> verbs{add_run_verb(app),     add_exec_verb(app),   add_routes_verb(app),
                                add_cleanup_verb(app), add_doctor_verb(app), add_gen_verb(app),
                                add_compare_verb(app), add_bench_verb(app),  add_report_verb(app),
                                add_trend_verb(app),   add_link_verb(app),   add_replay_verb(app),
                                add_capture_verb(app)};
  if (!words.empty() && !words.front().starts_with('-')) {
    const auto verb = std::find_if(verbs.begin(), verbs.end(), [&words](const Verb& known) {
      return known.command->get_name() == words.front();
    });
    if (verb == verbs.end()) refuse_command(app, words.front());
    words = check_flags(*verb, std::move(words));
  }
  const CLI::App* command = &app;
  std::size_t verb_words = 0;
  for (; verb_words < words.size(); ++verb_words) {
    const CLI::App* inner = find_command(*command, words[verb_words]);
    if (inner == nullptr) break;
    command = inner;
  }
  words = expand_config_files(std::move(words), verb_words, flags_of(*command));
  // The command that `exec` runs gets what its caller meant for it, as from env(1).
  if (command->get_name() != "exec") close_inherited_descriptors(words);
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too. CLI11's own codes are 100 and more.
    std::ostringstream answer;
    std::ostringstream fault;
    const bool is_answer = app.exit(error, answer, fault) == 0;
    print_wrapped(stdout, answer.str());
    print_wrapped(stderr, fault.str());
    return static_cast<int>(is_answer ? ExitCode::kDone : ExitCode::kUsage);
  }
  for (const Verb& verb : verbs)
    if (verb.command->parsed()) return verb.run();
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace tunrelay
