#include "wording/capture_flags.hpp"

#include <CLI/CLI.hpp>

#include "base/units.hpp"

namespace tunrelay {

void add_capture_content_flags(CLI::App& command, CaptureFlags& flags, const std::string& prefix) {
  command.add_option("--" + prefix + "filter", flags.filter,
                     "capture these packets alone, as for tcpdump: 'tcp port 80'");
  command
      .add_option("--" + prefix + "snaplen", flags.snaplen, "keep that many bytes of each packet")
      ->capture_default_str();
  command
      .add_option("--" + prefix + "segments", flags.segments,
                  "super-packets: whole, as they cross the relay, or wire, cut into what would "
                  "stand on a wire, with checksums completed")
      ->check(CLI::IsMember({"whole", "wire"}))
      ->capture_default_str();
  command
      .add_option("--" + prefix + "buffer", flags.buffer,
                  "memory for each queue, for what is still to be written")
      ->capture_default_str();
}

void add_capture_flags(CLI::App& command, CaptureFlags& flags) {
  command.add_option("--capture", flags.file,
                     "write what comes and goes to a pcapng file; -: to standard output, for "
                     "`| wireshark -k -i -`");
  add_capture_content_flags(command, flags, "capture-");
  command.add_option("--capture-rotate-size", flags.rotate_size,
                     "begin another file (NAME_00002.pcapng) before one gets larger, for example "
                     "100M");
  command.add_option("--capture-rotate-time", flags.rotate_time,
                     "begin another file after that time, for example 10m");
  command.add_option("--capture-files", flags.files, "keep the newest N files of a rotation [all]");
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
