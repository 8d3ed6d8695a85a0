// SPDX-License-Identifier: MIT
// `tunrelay doctor`: names what the host lacks and the cure, then tries a real tunnel in a
// private namespace.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_text.hpp"
#include "cli/doctor_checks.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "os/print.hpp"
#include "tunnel/private_network.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {
namespace {

const char* word_for(Check::Verdict verdict) {
  switch (verdict) {
    case Check::Verdict::kGood:
      return "good";
    case Check::Verdict::kWarning:
      return "warning";
    case Check::Verdict::kMissing:
      break;
  }
  return "missing";
}

/// What the trial tunnel found: checks, each as JSON.
nlohmann::json check_json(const Check& check) {
  return {{"name", check.name},
          {"verdict", word_for(check.verdict)},
          {"finding", check.finding},
          {"cure", check.cure}};
}

Check check_of(const nlohmann::json& json) {
  Check check{json.at("name"), Check::Verdict::kGood, json.at("finding"), json.at("cure")};
  for (const Check::Verdict verdict : {Check::Verdict::kWarning, Check::Verdict::kMissing})
    if (json.at("verdict") == word_for(verdict)) check.verdict = verdict;
  return check;
}

/// A feature that the tunnel works without.
Check check_feature(const char* name, const std::string& in_force, const std::string& reason) {
  if (reason.empty()) return {name, Check::Verdict::kGood, in_force, ""};
  return {name, Check::Verdict::kWarning, fmt::format("{} ({})", in_force, reason),
          "the tunnel works without, at the cost of speed"};
}

/// What threads of a tunnel give up here.
Check check_sandbox(const TunnelReport& report) {
  Check check{"sandbox", Check::Verdict::kGood, sandbox_text(report.sandbox, report.workers), ""};
  const bool is_whole = report.sandbox.refusal.empty() &&
                        std::ranges::all_of(report.workers, [](const WorkerReport& worker) {
                          return worker.sandbox.shortfall.empty() && worker.ring.refusal.empty();
                        });
  if (is_whole) return check;
  check.verdict = Check::Verdict::kWarning;
  check.cure = "the tunnel works without; --sandbox strict refuses to";
  return check;
}

nlohmann::json try_tunnel() {
  TunnelOptions options;
  options.starts_programs = false;
  options.left_namespaces = enter_private_network(options.strategy);
  Tunnel tunnel(options);
  tunnel.start();
  const TunnelReport report = tunnel.report();
  tunnel.stop();
  return {
      check_json({"trial tunnel", Check::Verdict::kGood,
                  fmt::format("packets cross: {} engine", to_string(report.engine)), ""}),
      check_json(check_feature("offloads", report.ends[0].offloads, report.ends[0].offload_reason)),
      check_json(
          check_feature("merging", std::string(to_string(report.merging)), report.merging_reason)),
      check_json(check_sandbox(report))};
}

/// In a child of its own, whose namespace goes with it: what it found, through a pipe.
[[noreturn]] void try_tunnel_in_child(int pipe) {
  nlohmann::json checks;
  try {
    checks = try_tunnel();
  } catch (const Error& error) {
    const Error::Parts& parts = error.parts();
    checks = {
        check_json({"trial tunnel", Check::Verdict::kMissing,
                    fmt::format("could not {} {}: {}", parts.attempt, parts.object, parts.cause),
                    parts.hint.empty() ? "see what is missing or warned of above" : parts.hint})};
  }
  const std::string text = json_text(checks);
  [[maybe_unused]] const ssize_t written = ::write(pipe, text.data(), text.size());
  ::_exit(0);
}

std::vector<Check> check_tunnel() {
  std::array<int, 2> ends{};
  check_system_call(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  std::fflush(nullptr);
  const pid_t child = check_system_call(::fork(), "fork for", "a trial tunnel");
  if (child == 0) try_tunnel_in_child(write_end.get());
  write_end.reset();
  std::string text;
  std::array<char, 512> buffer{};
  for (ssize_t length = 0; (length = ::read(read_end.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(length));
  ::waitpid(child, nullptr, 0);
  const nlohmann::json found = nlohmann::json::parse(text, nullptr, false);
  if (!found.is_array())
    return {{"trial tunnel", Check::Verdict::kMissing, "it crashed",
             "report it, with what `tunrelay --version` prints"}};
  std::vector<Check> checks;
  for (const nlohmann::json& check : found) checks.push_back(check_of(check));
  return checks;
}

void print_report(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    print_wrapped(stdout, fmt::format("{:<8}  {:<16}  {}\n", word_for(check.verdict), check.name,
                                      check.finding));
    if (!check.cure.empty()) print_wrapped(stdout, fmt::format("{:<28}cure: {}\n", "", check.cure));
  }
}

void print_json(const std::vector<Check>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const Check& check : checks) list.push_back(check_json(check));
  const nlohmann::json answer{{"event", "doctor"}, {"checks", list}};
  fmt::print("{}\n", json_text(answer));
}

int doctor(bool json) {
  std::vector<Check> checks = check_host();
  for (Check& check : check_tunnel()) checks.push_back(std::move(check));
  if (json)
    print_json(checks);
  else
    print_report(checks);
  for (const Check& check : checks)
    if (check.verdict == Check::Verdict::kMissing) return static_cast<int>(ExitCode::kUnsupported);
  return 0;
}

}  // namespace

Subcommand add_doctor_command(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("doctor", "name what this host lacks, and the cure; changes nothing");
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", *json, "the answer as JSON");
  return {command, [json] { return doctor(*json); }};
}

}  // namespace tunrelay
