// SPDX-License-Identifier: MIT
#include "config/capture_flags.hpp"

#include <CLI/CLI.hpp>

#include "base/units.hpp"
#include "config/flag_group.hpp"

namespace tunrelay {
namespace {

constexpr const char* kHeading = "Capture";

}  // namespace

void add_capture_content_flags(CLI::App& command, CaptureFlags& flags, const std::string& prefix) {
  FlagGroup group(command, kHeading);
  const auto name = [&prefix](const char* flag) { return "--" + prefix + flag; };
  group.value(name("filter").c_str(), flags.filter, "FILTER",
              "capture these packets alone, as for tcpdump: 'tcp port 80'");
  group
      .value(name("snaplen").c_str(), flags.snaplen, "SIZE", "keep that many bytes of each packet")
      ->capture_default_str();
  group.choice(name("segments").c_str(), flags.segments, {"whole", "wire"},
               "super-packets: as they cross the relay, or cut into what would stand on a wire, "
               "with checksums completed");
  group
      .value(name("buffer").c_str(), flags.buffer, "SIZE",
             "memory for each queue, for what is still to be written: 1M to 2G")
      ->capture_default_str();
}

void add_capture_flags(CLI::App& command, CaptureFlags& flags) {
  FlagGroup group(command, kHeading);
  group.value("--capture", flags.file, "FILE",
              "write what arrives and leaves to a pcapng file; -: to standard output, for "
              "`| wireshark -k -i -`");
  add_capture_content_flags(command, flags, "capture-");
  group.value("--capture-rotate-size", flags.rotate_size, "SIZE",
              "begin another file (NAME_00002.pcapng) before one gets larger, for example 100M");
  group.value("--capture-rotate-time", flags.rotate_time, "TIME",
              "begin another file after that time, for example 10m");
  group.value("--capture-files", flags.files, "N",
              "keep the newest N files of a rotation by size or time [all]");
}

CaptureOptions capture_options(const CaptureFlags& flags) {
  CaptureOptions options;
  options.file = flags.file;
  options.filter = flags.filter;
  options.snap_bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(parse_size_bytes(flags.snaplen), options.snap_bytes));
  if (!flags.rotate_size.empty()) options.rotate_bytes = parse_size_bytes(flags.rotate_size);
  if (!flags.rotate_time.empty()) options.rotate_ns = parse_duration_ns(flags.rotate_time);
  options.files = flags.files;
  options.wire_segments = flags.segments == "wire";
  options.buffer_bytes = parse_size_bytes(flags.buffer);
  return options;
}

}  // namespace tunrelay
