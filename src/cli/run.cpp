// SPDX-License-Identifier: MIT
// `tunrelay run`: both ends in the current network namespace, until a signal.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/wrap.hpp"
#include "cli/controlled_tunnel.hpp"
#include "cli/dry_run.hpp"
#include "cli/event_loop.hpp"
#include "cli/record_page.hpp"
#include "cli/service_manager.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "config/tunnel_flags.hpp"
#include "os/print.hpp"
#include "os/signal_watch.hpp"
#include "tunnel/tunnel_report_text.hpp"

namespace tunrelay {
namespace {

struct RunFlags {
  TunnelFlags tunnel;
  std::string html;
  bool json = false;
  bool dry_run = false;
};

std::string report_text(const TunnelReport& report, const char* event, bool json, std::FILE* out) {
  return json ? json_text(report_json(report, event)) + "\n"
              : wrap_lines(summary_text(report), text_columns(::fileno(out)));
}

/// Where text goes: a capture to standard output has that for itself.
std::FILE* text_output(const TunnelOptions& options, bool json) {
  if (!options.capture || !options.capture->to_standard_output()) return stdout;
  if (json)
    throw_usage_error("use", "--json with --capture -", "both are for standard output",
                      "capture to a file or a named pipe");
  return stderr;
}

/// The files of the link and of the scenario, or what flags say, are read again; a link that can't
/// be is reported, and the tunnel keeps the one that it has.
void reload_link(Tunnel& tunnel, const LinkFlags& link, OutputQueue& errors) try {
  const auto scenario = scenario_of(link);
  tunnel.change_link(link_description(link));
  if (scenario) tunnel.play_scenario(scenario, link.seed);
} catch (const Error& error) {
  errors.print_wrapped(fmt::format("tunrelay: {}\n", clean_lines(error.what())));
}

/// Prints the counters that SIGUSR1 asks for when the path has been checked.
class CountersOnRequest final : public EventLoopGuest {
 public:
  CountersOnRequest(Tunnel& tunnel, std::function<void()> print)
      : tunnel_(tunnel), print_(std::move(print)) {}

  void request() {
    if (!tunnel_.is_checking_path()) tunnel_.begin_path_check();
    is_requested_ = true;
  }
  [[nodiscard]] int fd() const noexcept override { return -1; }  // attend() is woken by the check
  [[nodiscard]] std::int64_t due_ns() const noexcept override { return INT64_MAX; }
  void take_turn(short /*events*/) override {
    if (!is_requested_ || tunnel_.is_checking_path()) return;
    is_requested_ = false;
    print_();
  }

 private:
  Tunnel& tunnel_;
  std::function<void()> print_;
  bool is_requested_ = false;
};

int run(const RunFlags& flags) {
  TunnelOptions options = tunnel_options(flags.tunnel);
  options.starts_programs = false;
  name_later_files(flags.tunnel, {flags.html}, options);
  const LinkFlags& link = flags.tunnel.link;  // read again at SIGUSR2
  options.files_read_later = {link.link, link.a_to_b, link.b_to_a, link.scenario};
  std::FILE* out = text_output(options, flags.json);
  options.trace_file = flags.json ? stderr : out;  // standard output is for JSON then
  if (flags.dry_run) return print_tunnel_plan(options, flags.json);
  const RecordPage page(flags.html, options);
  // Before any thread, so that signals come here alone.
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE});
  const ControlConfig config = control_config(flags.tunnel.control_socket, options);
  const std::unique_ptr<MetricsEndpoint> metrics = open_metrics(flags.tunnel.metrics);
  ControlledTunnel tunnel(options, config);
  tunnel.show_at(metrics.get());
  const TunnelReport ready = tunnel->report();
  if (flags.json) {
    print_text(out, report_text(ready, "ready", true, out));
  } else {
    print_wrapped(out, ready_line(ready) + "\n");
    for (const std::string& note : ready.notes)
      print_wrapped(stderr, "tunrelay: note: " + clean_line(note) + "\n");
  }

  ServiceManager service_manager;
  const std::string status = clean_line(ready_line(ready));
  service_manager.ready(status);
  EventLoop event_loop(*tunnel, flags.json);
  event_loop.report_to(&service_manager);
  event_loop.serve(tunnel.control());
  event_loop.serve_metrics(metrics.get());
  CountersOnRequest counters(*tunnel, [&] {
    event_loop.output(out).print(report_text(tunnel->report(), "counters", flags.json, out));
  });
  event_loop.receive(&counters);
  const auto ended = event_loop.until_signal(signals, [&](int signal) {
    if (signal == SIGPIPE) return EventLoop::Answer::kGoOn;  // a reader that left is not a reason
    if (signal == SIGUSR2) {
      service_manager.reloading();
      reload_link(*tunnel, flags.tunnel.link, event_loop.output(stderr));
      service_manager.ready(status);
      return EventLoop::Answer::kGoOn;
    }
    if (signal != SIGUSR1) return EventLoop::Answer::kStop;
    counters.request();
    return EventLoop::Answer::kGoOn;
  });

  service_manager.stopping();
  if (ended == EventLoop::End::kRequested)
    tunnel->check_path_at_end();  // the proof holds to the end
  std::vector<std::string> failures = tunnel.stop();
  // A reader who has not taken what came before gets no more time for the rest.
  const std::int64_t patience_ns =
      event_loop.finish_output(kLastWordsPatienceNs) ? kLastWordsPatienceNs : 0;
  print_text(out, report_text(tunnel->report(), "summary", flags.json, out), patience_ns);
  if (std::string failure = page.write(); !failure.empty()) failures.push_back(std::move(failure));
  for (const std::string& failure : failures)
    print_wrapped(stderr, "tunrelay: " + clean_line(failure) + "\n", patience_ns);
  return failures.empty() && ended == EventLoop::End::kRequested
             ? 0
             : static_cast<int>(ExitCode::kFailed);
}

}  // namespace

Subcommand add_run_command(CLI::App& app) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command = app.add_subcommand(
      "run", "join two devices in the current network namespace until a signal comes");
  add_tunnel_flags(*command, flags->tunnel);
  FlagGroup output(*command, kOutputFlags);
  output.flag("--json", flags->json, "events and the summary as JSON, one a line");
  output.value("--html", flags->html, "FILE",
               "write a page with charts of what the link did, at the end");
  output.flag("--dry-run", flags->dry_run, "print the equivalent `ip` commands, change nothing");
  command->footer(
      "A line that begins with \"ready\" is printed once the path was proven.\n"
      "SIGUSR1 prints the counters, after another path check. SIGUSR2 reads the file of --link "
      "again.\n"
      "example: tunrelay run --queues 2 &  ping 192.168.13.2");
  return {command, [flags] { return run(*flags); }};
}

}  // namespace tunrelay
