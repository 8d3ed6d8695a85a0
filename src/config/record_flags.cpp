// SPDX-License-Identifier: MIT
#include "config/record_flags.hpp"

#include <CLI/CLI.hpp>

#include "base/units.hpp"
#include "config/flag_group.hpp"

namespace tunrelay {

void add_record_interval_flag(CLI::App& command, RecordFlags& flags, const std::string& prefix) {
  FlagGroup(command, kRecordHeading)
      .value(("--" + prefix + "interval").c_str(), flags.interval, "TIME",
             "sum up that long, 1ms to 1h")
      ->capture_default_str();
}

void add_record_flags(CLI::App& command, RecordFlags& flags) {
  FlagGroup(command, kRecordHeading)
      .value("--record", flags.file, "FILE",
             "write a time series of the link as lines of JSON: packets, drops, queues, delays, "
             "capacity, events");
  add_record_interval_flag(command, flags, "record-");
}

RecordOptions record_options(const RecordFlags& flags) {
  RecordOptions options;
  options.file = flags.file;
  options.interval_ns = parse_duration_ns(flags.interval);
  check_record_options(options);
  return options;
}

}  // namespace tunrelay
