// SPDX-License-Identifier: MIT
// `tunrelay record`: records what a running relay does over time, until a signal.
#include <fmt/format.h>

#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/remote_output.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "config/record_flags.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "os/output_file.hpp"
#include "os/signal_watch.hpp"

namespace tunrelay {
namespace {

struct RecordCommandFlags {
  std::string control_socket;
  std::string duration;
  RecordFlags record;
};

int record(const RecordCommandFlags& flags) {
  const RecordOptions options = record_options(flags.record);
  const std::int64_t end_ns = end_of(flags.duration);
  const SignalWatch signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  ControlClient relay(find_control(flags.control_socket));
  {
    const FileDescriptor file = open_output(options.file, "write the record", kUsersChoice);
    relay.call(
        {{"method", "record_start"}, {"file", options.file}, {"interval_ns", options.interval_ns}},
        file.get());
  }
  fmt::print(stderr, "tunrelay: recording to {}; SIGINT (Ctrl-C) ends it\n", options.file);
  const nlohmann::json report = wait_until_written(relay, "record", signals, end_ns, -1);
  fmt::print(stderr, "tunrelay: {} intervals, {}\n", format_count(report.at("intervals")),
             format_bytes(report.at("bytes")));
  const std::string failure = report.at("failure");
  if (failure.empty()) return 0;
  fmt::print(stderr, "tunrelay: the record has ended early: {}\n", failure);
  return static_cast<int>(ExitCode::kFailed);
}

}  // namespace

Subcommand add_record_command(CLI::App& app) {
  auto flags = std::make_shared<RecordCommandFlags>();
  CLI::App* command =
      app.add_subcommand("record", "record what a running relay does over time, until a signal");
  command->add_option("file", flags->record.file, "a file of JSON lines")->required();
  add_record_interval_flag(*command, flags->record, "");
  FlagGroup relay(*command, "Relay");
  relay.value("--duration", flags->duration, "TIME", "end after that time, for example 10s");
  relay.value("--control-socket,--control", flags->control_socket, "PATH",
              "the running relay's socket [that of the only one]");
  command->footer("example: tunrelay record --duration 30s link.record");
  return {command, [flags] { return record(*flags); }};
}

}  // namespace tunrelay
