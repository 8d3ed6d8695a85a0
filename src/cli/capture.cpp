// SPDX-License-Identifier: MIT
// `tunrelay capture`: captures what crosses a relay that runs, until a signal.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/remote_output.hpp"
#include "cli/subcommand.hpp"
#include "config/capture_flags.hpp"
#include "config/flag_group.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "os/output_file.hpp"
#include "os/signal_watch.hpp"

namespace tunrelay {
namespace {

struct CaptureCommandFlags {
  std::string control_socket;
  std::string duration;
  CaptureFlags capture;
};

FileDescriptor open_capture_file(const std::string& file) {
  if (file == "-") {
    if (::isatty(STDOUT_FILENO) != 0)
      throw_usage_error("write a capture to", "a terminal", "it is not for eyes",
                        "pipe it into `wireshark -k -i -` or `tshark -r -`, or name a file");
    return FileDescriptor(
        check_system_call(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "use", "standard output"));
  }
  return open_output(file, "write the capture", kOwnerOnly);
}

int capture(const CaptureCommandFlags& flags) {
  const CaptureOptions options = capture_options(flags.capture);
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE});
  ControlClient relay(find_control(flags.control_socket));
  {
    const FileDescriptor file = open_capture_file(options.file);
    relay.call(
        {{"method", "capture_start"},
         {"file", options.to_standard_output() ? "the client's standard output" : options.file},
         {"filter", options.filter},
         {"snap_bytes", options.snap_bytes},
         {"wire_segments", options.wire_segments},
         {"buffer_bytes", options.buffer_bytes}},
        file.get());
  }
  fmt::print(stderr, "tunrelay: capturing to {}; SIGINT (Ctrl-C) ends it\n", options.file);
  const nlohmann::json report =
      wait_until_written(relay, "capture", signals, end_of(flags.duration),
                         options.to_standard_output() ? STDOUT_FILENO : -1);
  fmt::print(stderr, "tunrelay: {} packets, {}; {} lost\n", format_count(report.at("packets")),
             format_bytes(report.at("bytes")), format_count(report.at("lost_packets")));
  const std::string failure = report.at("failure");
  if (failure.empty()) return 0;
  fmt::print(stderr, "tunrelay: the capture has ended early: {}\n", failure);
  return static_cast<int>(ExitCode::kFailed);
}

}  // namespace

Subcommand add_capture_command(CLI::App& app) {
  auto flags = std::make_shared<CaptureCommandFlags>();
  flags->capture.file = "-";
  CLI::App* command =
      app.add_subcommand("capture", "capture what crosses a running relay, until a signal");
  command->add_option("file", flags->capture.file, "a pcapng file; -: standard output")
      ->capture_default_str();
  add_capture_content_flags(*command, flags->capture, "");
  FlagGroup relay(*command, "Relay");
  relay.value("--duration", flags->duration, "TIME", "end after that time, for example 10s");
  relay.value("--control-socket,--control", flags->control_socket, "PATH",
              "the running relay's socket [that of the only one]");
  command->footer("example: tunrelay capture | wireshark -k -i -");
  return {command, [flags] { return capture(*flags); }};
}

}  // namespace tunrelay
