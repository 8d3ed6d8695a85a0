// SPDX-License-Identifier: MIT
// `tunrelay routes plan|apply|check|remove`: the routing module alone, for people who bring
// their own program and devices.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_text.hpp"
#include "cli/cleanup_json.hpp"
#include "cli/dry_run.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "config/tunnel_flags.hpp"
#include "os/print.hpp"
#include "route/apply/apply.hpp"
#include "route/apply/cleanup.hpp"
#include "route/plan/plan_choices.hpp"
#include "route/watch/path_check.hpp"
#include "route/watch/path_probe.hpp"
#include "tunnel/plan_request.hpp"

namespace tunrelay {
namespace {

struct RoutesFlags {
  TunnelFlags tunnel;
  bool json = false;
};

std::string directory_of(const TunnelOptions& options) {
  return options.state_directory.empty() ? kJournalDirectory : options.state_directory;
}

/// The devices are another program's: used as they are, and left so. MTU and queue length are
/// theirs too.
PlanRequest request_of(const TunnelOptions& options) {
  PlanRequest request = plan_request(options, {false, false});
  request.mtu_bytes = 0;
  request.txqueuelen = 0;
  return request;
}

int apply(const RoutesFlags& flags) {
  const TunnelOptions options = tunnel_options(flags.tunnel);
  const std::string directory = directory_of(options);
  clean_up_leftovers(directory);
  auto journal =
      std::make_unique<Journal>(JournalDirectory::open(directory), instance_name(options), true);
  const auto applied = plan_and_apply(request_of(options), std::move(journal));
  applied->release();
  const Plan& plan = applied->plan();
  if (flags.json) {
    const nlohmann::json answer{{"event", "applied"},
                                {"name", instance_name(options)},
                                {"strategy", to_string(options.strategy)},
                                {"commands", commands_of(plan)},
                                {"notes", plan.notes}};
    fmt::print("{}\n", json_text(answer));
    return 0;
  }
  for (const std::string& note : plan.notes) fmt::print(stderr, "tunrelay: note: {}\n", note);
  fmt::print("applied: {} for {}; `tunrelay routes remove` undoes it\n",
             to_string(options.strategy), instance_name(options));
  return 0;
}

int remove(const RoutesFlags& flags) {
  const TunnelOptions options = tunnel_options(flags.tunnel);
  const CleanupReport report = clean_up_leftovers(
      directory_of(options), {.persistent_too = true, .instance = instance_name(options)});
  const bool is_done = report.is_clean() && report.left.empty();
  if (flags.json) {
    fmt::print("{}\n", json_text(cleanup_json(report, "removed")));
  } else {
    for (const UndoFailure& failure : report.failures)
      print_wrapped(stderr, fmt::format("tunrelay: {}\n", failure.to_string()));
    for (const JournalLeft& journal : report.left)
      print_wrapped(stderr, fmt::format("tunrelay: left {}: {}\n", journal.name, journal.reason));
    fmt::print("{}\n", report.restored.empty() ? "nothing to undo" : "removed");
  }
  return is_done ? 0 : static_cast<int>(ExitCode::kFailed);
}

nlohmann::json finding_json(const PathFinding& finding) {
  return {{"direction", to_string(finding.direction)},
          {"target", finding.target.to_string()},
          {"text", finding.text}};
}

nlohmann::json probe_json(const ProbeResult& probe) {
  return {{"direction", to_string(probe.direction)}, {"source", probe.source.to_string()},
          {"target", probe.target.to_string()},      {"crossed", probe.crossed()},
          {"one_way_ns", probe.one_way.count()},     {"text", probe.text}};
}

std::vector<ProbeResult> send_probes(const TunnelEnds& ends) {
  std::random_device random;
  std::vector<ProbeResult> probes;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA})
    for (const IpFamily family : families_of(ends.a)) {
      const std::uint64_t nonce = std::uint64_t{random()} << 32 | random();
      probes.push_back(probe_path(ends, direction, family, nonce));
    }
  return probes;
}

int check(const RoutesFlags& flags) {
  const TunnelOptions options = tunnel_options(flags.tunnel);
  // No plan is made: whether one could be made is not the question here.
  const TunnelEnds ends = choose(request_of(options), read_host_state()).ends;
  PathCheck path = check_path(ends);
  // Where the tables say already that nothing crosses, a probe has nothing to add.
  const std::vector<ProbeResult> probes =
      path.is_whole() ? send_probes(ends) : std::vector<ProbeResult>{};
  for (const ProbeResult& probe : probes)
    if (!probe.crossed()) path.findings.push_back({probe.direction, probe.target, probe.text});
  if (flags.json) {
    nlohmann::json answer{{"event", "path"},
                          {"whole", path.is_whole()},
                          {"findings", nlohmann::json::array()},
                          {"probes", nlohmann::json::array()}};
    for (const PathFinding& finding : path.findings)
      answer["findings"].push_back(finding_json(finding));
    for (const ProbeResult& probe : probes) answer["probes"].push_back(probe_json(probe));
    fmt::print("{}\n", json_text(answer));
  } else {
    if (probes.empty()) print_wrapped(stdout, path.to_string());
    for (const ProbeResult& probe : probes) print_wrapped(stdout, probe.text + "\n");
    fmt::print("{}\n", path.is_whole() ? "The path is whole." : "The path is BROKEN.");
  }
  return path.is_whole() ? 0 : static_cast<int>(ExitCode::kFailed);
}

CLI::App* add_action(CLI::App& routes, RoutesFlags& flags, const char* name, const char* help) {
  CLI::App* action = routes.add_subcommand(name, help);
  add_tunnel_flags(*action, flags.tunnel);
  // One file for --config may serve `run` too: what says nothing of routes is taken, and not shown.
  for (CLI::Option* option :
       action->get_options([](const CLI::Option* each) { return !is_route_flag(*each); }))
    option->group("");
  FlagGroup output(*action, kOutputFlags);
  output.flag("--json", flags.json, "the answer as JSON");
  return action;
}

}  // namespace

Subcommand add_routes_command(CLI::App& app) {
  auto flags = std::make_shared<RoutesFlags>();
  CLI::App* command =
      app.add_subcommand("routes", "the routing module alone, for another program's devices");
  command->require_subcommand(1);
  const CLI::App* plan =
      add_action(*command, *flags, "plan", "print the equivalent `ip` commands, change nothing");
  const CLI::App* apply_action =
      add_action(*command, *flags, "apply", "make the changes; they stay until `routes remove`");
  const CLI::App* check_action =
      add_action(*command, *flags, "check", "say whether traffic takes the way across");
  add_action(*command, *flags, "remove", "undo what `routes apply` has made");
  command->footer("example: tunrelay routes apply --device-a tun0 --device-b tun1");
  return {command, [=] {
            if (plan->parsed())
              return print_route_plan(request_of(tunnel_options(flags->tunnel)), flags->json);
            if (apply_action->parsed()) return apply(*flags);
            if (check_action->parsed()) return check(*flags);
            return remove(*flags);
          }};
}

}  // namespace tunrelay
