// SPDX-License-Identifier: MIT
// The pcapng file that a replay writes: an interface for each device that packets come out at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/pcapng.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

class ReplayOutput {
 public:
  /// INTERFACES: their names. Throws Error when the file can't be made.
  ReplayOutput(const std::string& path, const std::string& application, LinkType link_type,
               const std::vector<std::string>& interfaces);

  void append(const PcapngPacket& packet) noexcept;
  /// The rest of the file. Throws Error when it could not be written.
  void finish();

 private:
  void write_blocks() noexcept;

  std::string path_;
  FileDescriptor file_;
  PcapngBytes blocks_;   ///< not yet written
  int write_errno_ = 0;  ///< of the first write that failed
};

}  // namespace tunrelay
