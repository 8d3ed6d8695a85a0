// SPDX-License-Identifier: MIT
// The options of a capture.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "packet/packet.hpp"
#include "sandbox/thread_sandbox.hpp"

namespace tunrelay {

struct CaptureOptions {
  /// "-": standard output, as a live pipe. With rotation NAME.pcapng becomes NAME_00001.pcapng and
  /// so on.
  std::string file;
  std::string filter;                         ///< as for tcpdump; empty: every packet
  std::uint32_t snap_bytes = 262'144;         ///< of a packet that are kept
  std::uint64_t rotate_bytes = 0;             ///< a new file before one gets larger; 0: never
  std::int64_t rotate_ns = 0;                 ///< a new file after that time; 0: never
  std::size_t files = 0;                      ///< the newest ones that are kept; 0: all
  bool wire_segments = false;                 ///< super-packets cut, with their checksums completed
  std::size_t buffer_bytes = 32 * 1'048'576;  ///< for each queue, until the file has taken them

  [[nodiscard]] bool to_standard_output() const noexcept { return file == "-"; }
};

/// Where the packets come from.
struct CaptureSite {
  std::array<std::string, 2> devices;
  LinkType link_type = LinkType::kIp;
  std::size_t queues = 1;
  std::string application;  ///< our name and version, for the file
  /// What the thread that writes gives up, unless it has to open further files.
  ThreadRights rights{};
  /// If it has to, it keeps root's rights to files.
  bool keeps_file_rights = false;
};

/// Throws a usage Error for what can't be, a filter that does not compile among it.
void check_capture_options(const CaptureOptions& options, LinkType link_type);

}  // namespace tunrelay
