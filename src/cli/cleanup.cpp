// SPDX-License-Identifier: MIT
// `tunrelay cleanup`: undoes what killed tunnels have left in this network namespace.
#include "route/apply/cleanup.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/json_text.hpp"
#include "cli/cleanup_json.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "control/control_place.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

struct CleanupFlags {
  std::string state_directory = kJournalDirectory;
  bool persistent = false;
  bool json = false;
};

void print_report(const CleanupReport& report, const std::vector<std::string>& sockets) {
  for (const std::string& name : report.restored) fmt::print("restored  {}\n", name);
  for (const std::string& name : report.outdated) fmt::print("outdated  {}\n", name);
  for (const std::string& path : sockets) fmt::print("removed   {}\n", path);
  for (const JournalLeft& journal : report.left)
    print_wrapped(stdout, fmt::format("left      {}: {}\n", journal.name, journal.reason));
  for (const JournalLeft& journal : report.unreadable)
    print_wrapped(stderr,
                  fmt::format("tunrelay: could not read {}: {}\n", journal.name, journal.reason));
  for (const UndoFailure& failure : report.failures)
    print_wrapped(stderr, fmt::format("tunrelay: {}\n", failure.to_string()));
  if (report.restored.empty() && report.is_clean()) fmt::print("nothing to undo\n");
}

int cleanup(const CleanupFlags& flags) {
  const CleanupReport report =
      clean_up_leftovers(flags.state_directory, {.persistent_too = flags.persistent});
  const std::string control = control_directory();
  const std::vector<std::string> sockets =
      control.empty() ? std::vector<std::string>{} : sort_controls(control).removed;
  nlohmann::json json = cleanup_json(report, "cleanup");
  json["removed_sockets"] = sockets;
  if (flags.json)
    fmt::print("{}\n", json_text(json));
  else
    print_report(report, sockets);
  return report.is_clean() ? 0 : static_cast<int>(ExitCode::kFailed);
}

}  // namespace

Subcommand add_cleanup_command(CLI::App& app) {
  auto flags = std::make_shared<CleanupFlags>();
  CLI::App* command =
      app.add_subcommand("cleanup", "undo what killed tunnels have left in this network namespace");
  FlagGroup which(*command, "What is undone");
  which.value("--state-dir", flags->state_directory, "DIRECTORY", "where the journals are kept")
      ->capture_default_str();
  which.flag("--persistent", flags->persistent, "also what `routes apply` has made to stay");
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "the answer as JSON");
  return {command, [flags] { return cleanup(*flags); }};
}

}  // namespace tunrelay
