// SPDX-License-Identifier: MIT
// A command of the command line: it adds its flags to the parser and, when it was chosen, runs.
// One file a command; command_line.cpp lists them.
#pragma once

#include <functional>
#include <memory>

namespace CLI {
class App;
}

namespace tunrelay {

/// Which arguments of another program may follow a command's own.
enum class OtherArguments {
  kNone,
  kCommand,  ///< a command: from the first argument on that is neither a flag nor a flag's value
  kBehindDashes,  ///< behind "--" alone
};

/// Adds the command's sub-command to APP. The returned function runs it and gives the exit code;
/// it is called when the sub-command was parsed.
struct Subcommand {
  CLI::App* command = nullptr;
  std::function<int()> run;
  OtherArguments other_arguments = OtherArguments::kNone;
};

Subcommand add_run_command(CLI::App& app);
Subcommand add_exec_command(CLI::App& app);
Subcommand add_routes_command(CLI::App& app);
Subcommand add_cleanup_command(CLI::App& app);
Subcommand add_doctor_command(CLI::App& app);
Subcommand add_gen_command(CLI::App& app);
Subcommand add_capture_command(CLI::App& app);
Subcommand add_record_command(CLI::App& app);
Subcommand add_top_command(CLI::App& app);
Subcommand add_compare_command(CLI::App& app);
Subcommand add_bench_command(CLI::App& app);
Subcommand add_link_command(CLI::App& app);
Subcommand add_report_command(CLI::App& app);
Subcommand add_trend_command(CLI::App& app);
Subcommand add_merge_command(CLI::App& app);
Subcommand add_convert_command(CLI::App& app);
Subcommand add_replay_command(CLI::App& app);

}  // namespace tunrelay
