// SPDX-License-Identifier: MIT
// `tunrelay exec -- CMD`: both ends in a private namespace, CMD run in it, its exit code
// returned, nothing left behind.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/shell_words.hpp"
#include "cli/controlled_tunnel.hpp"
#include "cli/dry_run.hpp"
#include "cli/event_loop.hpp"
#include "cli/exec_page.hpp"
#include "cli/record_page.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "config/tunnel_flags.hpp"
#include "os/child_process.hpp"
#include "os/print.hpp"
#include "os/signal_watch.hpp"
#include "os/whole_file.hpp"
#include "tunnel/private_command.hpp"
#include "tunnel/private_network.hpp"
#include "tunnel/tunnel_report_text.hpp"

namespace tunrelay {
namespace {

struct ExecFlags {
  TunnelFlags tunnel;
  std::vector<std::string> command;
  std::string summary_file;
  std::string html;
  bool json = false;
  bool quiet = false;
  bool top = false;
  bool dry_run = false;
};

/// What CMD may want to know: TUNRELAY_A_DEVICE, TUNRELAY_A_ADDRESS, ... as a script reads them.
std::vector<std::string> environment_of(const TunnelReport& report) {
  std::vector<std::string> variables;
  for (std::size_t index = 0; index < report.ends.size(); ++index) {
    const EndReport& end = report.ends.at(index);
    const char* name = index == 0 ? "A" : "B";
    variables.push_back(fmt::format("TUNRELAY_{}_DEVICE={}", name, end.device));
    variables.push_back(fmt::format("TUNRELAY_{}_NETNS={}", name, end.netns));
    for (const std::string& prefix : end.addresses) {
      const std::string address = prefix.substr(0, prefix.find('/'));
      const char* family = address.find(':') == std::string::npos ? "ADDRESS" : "ADDRESS6";
      variables.push_back(fmt::format("TUNRELAY_{}_{}={}", name, family, address));
    }
  }
  return variables;
}

/// When CMD can't be run, the exit code is env(1)'s.
void start_command(PrivateCommand& command, const TunnelReport& report) {
  try {
    command.run(environment_of(report));
  } catch (const CommandNotRun& error) {
    Error::Parts parts = error.parts();
    parts.exit_code =
        error.system_errno() == ENOENT ? ExitCode::kCommandNotFound : ExitCode::kCommandNotRun;
    throw Error(parts);
  }
}

/// Before CMD runs, as far as it can be known then.
void check_summary_file(const std::string& path) try {
  if (!path.empty()) check_replaceable(path);
} catch (const Error& error) {
  Error::Parts parts = error.parts();
  parts.exit_code = ExitCode::kFailed;
  throw Error(std::move(parts));
}

/// Empty, or why the summary is not in the file.
std::string write_summary_file(const std::string& path, const std::string& json) try {
  if (!path.empty()) replace_file(path, json + "\n");
  return "";
} catch (const Error& error) {
  return error.what();
}

/// CMD owns standard output, so the summary goes to standard error, and to a file when requested.
/// Returns the exit code: 1 where that file can't be written.
int tell_summary(const TunnelReport& report, const ExecFlags& flags, int command_exit_code) {
  nlohmann::ordered_json summary = report_json(report, "summary");
  summary["command_exit_code"] = command_exit_code;
  const std::string json = json_text(summary);
  const std::string failure = write_summary_file(flags.summary_file, json);
  if (flags.json || !failure.empty())
    print_text(stderr, json + "\n", kLastWordsPatienceNs);
  else if (!flags.quiet)
    print_wrapped(stderr, summary_text(report), kLastWordsPatienceNs);
  if (failure.empty()) return command_exit_code;
  print_wrapped(stderr,
                fmt::format("tunrelay: {}\ntunrelay: the command has ended with exit code {}\n",
                            clean_lines(failure), command_exit_code),
                kLastWordsPatienceNs);
  return static_cast<int>(ExitCode::kFailed);
}

/// Returns EXIT_CODE, or 1 where the page can't be written.
int write_page(const RecordPage& page, int exit_code) {
  const std::string failure = page.write();
  if (failure.empty()) return exit_code;
  print_wrapped(stderr, fmt::format("tunrelay: {}\n", clean_lines(failure)), kLastWordsPatienceNs);
  return static_cast<int>(ExitCode::kFailed);
}

SignalWatch watch_signals(const ExecFlags& flags) {
  // SIGTSTP would hold the relay with the page, and not the command.
  return flags.top ? SignalWatch({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP})
                   : SignalWatch({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1});
}

int exec(const ExecFlags& flags) {
  if (flags.command.empty())
    throw_usage_error(
        "run", "nothing", "no command is given",
        "write it behind the flags, for example: tunrelay exec ping -c 3 192.168.13.2");
  TunnelOptions options = tunnel_options(flags.tunnel);
  // A capture to standard output has that for itself.
  const bool takes_output = options.capture && options.capture->to_standard_output();
  if (takes_output && flags.top)
    throw_usage_error("use", "--top with --capture -", "both are for standard output",
                      "capture to a file or a named pipe");
  if (takes_output) options.trace_file = stderr;
  check_summary_file(flags.summary_file);
  const RecordPage record_page(flags.html, options);
  const std::string command_text = shell_words(flags.command);
  if (options.record) options.record->title = command_text;
  const SignalWatch signals = watch_signals(flags);
  std::optional<ExecPage> page;
  if (flags.top && !flags.dry_run) page.emplace(command_text);
  const ControlConfig config = control_config(flags.tunnel.control_socket, options);
  // Whoever asks for metrics is outside, so the socket is made before we go.
  const std::unique_ptr<MetricsEndpoint> metrics =
      flags.dry_run ? nullptr : open_metrics(flags.tunnel.metrics);
  options.left_namespaces = enter_private_network(options.strategy);
  if (flags.dry_run) return print_tunnel_plan(options, flags.json);
  PrivateCommand command(flags.command, signals,
                         {.standard_output = takes_output ? STDERR_FILENO : STDOUT_FILENO,
                          .shares_terminal = !flags.top});
  // The init has the user's rights for the command; a child of ours would have what we have.
  options.starts_programs = !command.shortfall().empty();
  name_later_files(flags.tunnel, {flags.html, flags.summary_file}, options);
  if (!command.shortfall().empty() && !flags.quiet)
    fmt::print(stderr, "tunrelay: note: {}\n", command.shortfall());
  ControlledTunnel tunnel(options, config);
  tunnel.show_at(metrics.get());
  start_command(command, tunnel->report());
  EventLoop event_loop(*tunnel, false);
  event_loop.serve(tunnel.control());
  event_loop.serve_metrics(metrics.get());
  if (page) {
    page->begin([&tunnel](const nlohmann::json& request, int passed) {
      return tunnel.ask(request, passed);
    });
    event_loop.receive(&*page);
  }
  const auto on_signal = [&](int signal) {
    if (signal == SIGUSR1)
      event_loop.output(stderr).print_wrapped(summary_text(tunnel->report()));
    else if (signal != SIGTSTP &&
             (page || signal != SIGINT || ::getpgrp() != ::tcgetpgrp(STDIN_FILENO)))
      command.send_signal(signal);  // a keyboard's SIGINT has reached it already, without a page
    return EventLoop::Answer::kGoOn;
  };
  const bool gone =
      event_loop.until_signal(signals, on_signal, command.fd()) == EventLoop::End::kGone;
  // Without a tunnel CMD would go on over lo: it is ended instead.
  if (gone) command.send_signal(SIGTERM);
  const int exit_code = command.wait();
  if (page) page->end();
  if (!gone) tunnel->check_path_at_end();  // the proof holds to the end of CMD
  tunnel.stop();
  end_all_children();
  event_loop.finish_output(kLastWordsPatienceNs);
  const int told_code = write_page(record_page, tell_summary(tunnel->report(), flags, exit_code));
  return gone ? static_cast<int>(ExitCode::kFailed) : told_code;
}

}  // namespace

Subcommand add_exec_command(CLI::App& app) {
  auto flags = std::make_shared<ExecFlags>();
  CLI::App* command = app.add_subcommand(
      "exec", "run a command in a private network namespace that holds both ends");
  add_tunnel_flags(*command, flags->tunnel);
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "the summary as JSON, on standard error");
  output.value("--summary-file", flags->summary_file, "FILE", "write the summary as JSON");
  output.value("--html", flags->html, "FILE", "write a page with charts of what the link did");
  output.flag("--top", flags->top,
              "watch the link on the terminal; what the command prints follows at the end");
  output.flag("-q,--quiet", flags->quiet, "no summary on standard error");
  output.flag("--dry-run", flags->dry_run, "print the equivalent `ip` commands, change nothing");
  command->add_option("command", flags->command, "the command and its arguments")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->footer(
      "The command finds TUNRELAY_A_DEVICE, _ADDRESS, _ADDRESS6 and _NETNS, and the same for B,\n"
      "in its environment. Its exit code is returned; 128 + N when signal N ended it, 127 when\n"
      "there is no such command, 126 when it can't be run.\n"
      "example: tunrelay exec sh -c 'iperf3 -s -D; sleep 1; iperf3 -c 192.168.13.2'");
  return {command, [flags] { return exec(*flags); }, OtherArguments::kCommand};
}

}  // namespace tunrelay
