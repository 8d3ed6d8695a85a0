// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "cli/command_arguments.hpp"
#include "cli/completion.hpp"
#include "cli/help_formatter.hpp"
#include "cli/subcommand.hpp"
#include "cli/version.hpp"
#include "config/config_file.hpp"
#include "os/inherited_descriptors.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

constexpr const char* kFooter =
    "exit codes: 0 done, 1 failed, 2 usage error, 3 unsupported environment,\n"
    "            4 regression, 5 inconclusive; `exec` returns its command's own";

/// Below the last heading, of APP and of all its subcommands: CLI11 makes theirs.
void group_help_flag(CLI::App& app) {
  app.get_option("--help")->group(kOtherFlags);
  for (CLI::App* subcommand : app.get_subcommands({})) group_help_flag(*subcommand);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments.front() == "help") {  // `help exec` as `exec --help`
    std::rotate(arguments.begin(), arguments.begin() + 1, arguments.end());
    arguments.back() = "--help";
  }
  CLI::App app("tunrelay joins two TUN or TAP interfaces of one Linux host in user space",
               "tunrelay");
  app.formatter(std::make_shared<HelpFormatter>());  // subcommands have it from here
  app.set_help_flag("-h,--help", "print this help and exit");
  app.require_subcommand(1);
  app.footer(kFooter);
  app.set_version_flag(
         "-V,--version", [] { return version_text(); },
         "print the version, and the libraries and kernel features in use")
      ->group(kOtherFlags);
  // A flag given twice: the last one wins, so that flags win over the configuration file.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const std::vector<Subcommand> subcommands{
      add_run_command(app),     add_exec_command(app),   add_routes_command(app),
      add_cleanup_command(app), add_doctor_command(app), add_gen_command(app),
      add_compare_command(app), add_bench_command(app),  add_report_command(app),
      add_trend_command(app),   add_link_command(app),   add_replay_command(app),
      add_capture_command(app), add_record_command(app), add_top_command(app),
      add_merge_command(app),   add_convert_command(app)};
  group_help_flag(app);
  if (!arguments.empty() && arguments.front() == kCompleteLine) {
    print_text(stdout,
               completions_text(complete(app, subcommands, std::span(arguments).subspan(1))));
    return 0;
  }
  if (!arguments.empty() && !arguments.front().starts_with('-')) {
    const auto subcommand =
        std::find_if(subcommands.begin(), subcommands.end(), [&arguments](const Subcommand& known) {
          return known.command->get_name() == arguments.front();
        });
    if (subcommand == subcommands.end()) refuse_command(app, arguments.front());
    arguments = check_flags(*subcommand, std::move(arguments));
  }
  const CLI::App* command = &app;
  std::size_t command_names = 0;
  for (; command_names < arguments.size(); ++command_names) {
    const CLI::App* inner = find_command(*command, arguments[command_names]);
    if (inner == nullptr) break;
    command = inner;
  }
  arguments = expand_config_files(std::move(arguments), command_names, flags_of(*command));
  // The command that `exec` runs gets what its caller meant for it, as from env(1).
  if (command->get_name() != "exec") close_inherited_descriptors(arguments);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too. CLI11's own codes are 100 and more.
    std::ostringstream answer;
    std::ostringstream fault;
    const bool is_answer = app.exit(error, answer, fault) == 0;
    print_wrapped(stdout, answer.str());
    print_wrapped(stderr, fault.str());
    return static_cast<int>(is_answer ? ExitCode::kDone : ExitCode::kUsage);
  }
  for (const Subcommand& subcommand : subcommands)
    if (subcommand.command->parsed()) return subcommand.run();
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace tunrelay
