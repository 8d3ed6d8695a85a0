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

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/doctor_checks.hpp"
#include "cli/verb.hpp"
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

/// In a child of its own, whose namespace goes with it: what it found, through a pipe.
[[noreturn]] void try_tunnel_in_child(int pipe) {
  std::string finding;
  int exit_code = 0;
  try {
    TunnelOptions options;
    enter_private_network(options.strategy);
    options.owns_namespace = true;
    Tunnel tunnel(options);
    tunnel.start();
    const TunnelReport report = tunnel.report();
    finding = fmt::format("packets cross: {} engine, offloads {}", to_string(report.engine),
                          report.ends[0].offloads);
    tunnel.stop();
  } catch (const Error& error) {
    finding = error.what();
    exit_code = static_cast<int>(error.exit_code());
  }
  [[maybe_unused]] const ssize_t written = ::write(pipe, finding.data(), finding.size());
  ::_exit(exit_code);
}

Check check_tunnel() {
  std::array<int, 2> ends{};
  check_system_call(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  std::fflush(nullptr);
  const pid_t child = check_system_call(::fork(), "fork for", "a trial tunnel");
  if (child == 0) try_tunnel_in_child(write_end.get());
  write_end.reset();
  std::string finding;
  std::array<char, 512> buffer{};
  for (ssize_t length = 0; (length = ::read(read_end.get(), buffer.data(), buffer.size())) > 0;)
    finding.append(buffer.data(), static_cast<std::size_t>(length));
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::replace(finding.begin(), finding.end(), '\n', ' ');
  if (good) return {"trial tunnel", Check::Verdict::kGood, finding, ""};
  return {"trial tunnel", Check::Verdict::kMissing, finding.empty() ? "it crashed" : finding,
          "mend what is missing above"};
}

void print_words(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    fmt::print("{:<8} {:<17} {}\n", word_for(check.verdict), check.name, check.finding);
    if (!check.cure.empty()) fmt::print("{:<26} cure: {}\n", "", check.cure);
  }
}

void print_json(const std::vector<Check>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const Check& check : checks)
    list.push_back({{"name", check.name},
                    {"verdict", word_for(check.verdict)},
                    {"finding", check.finding},
                    {"cure", check.cure}});
  const nlohmann::json answer{{"event", "doctor"}, {"checks", list}};
  fmt::print("{}\n", answer.dump());
}

int doctor(bool json) {
  std::vector<Check> checks = check_host();
  checks.push_back(check_tunnel());
  if (json)
    print_json(checks);
  else
    print_words(checks);
  for (const Check& check : checks)
    if (check.verdict == Check::Verdict::kMissing) return static_cast<int>(ExitCode::kUnfit);
  return 0;
}

}  // namespace

Verb add_doctor_verb(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("doctor", "name what this host lacks, and the cure; changes nothing");
  command->add_flag("--json", *json, "the answer as JSON");
  return {command, [json] { return doctor(*json); }};
}

}  // namespace tunrelay
