// SPDX-License-Identifier: MIT
#include "replay/replay_output.hpp"

#include <string_view>

#include "base/error.hpp"
#include "os/output_file.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kReplayWriteBytes = std::size_t{1} << 20U;

}  // namespace

ReplayOutput::ReplayOutput(const std::string& path, const std::string& application,
                           LinkType link_type, const std::vector<std::string>& interfaces)
    : path_(path), file_(open_output(path, "write the packets to", kOwnerOnly)) {
  append_block(blocks_, PcapngSection{.application = application, .operating_system = {}});
  for (const std::string& name : interfaces)
    append_block(blocks_, PcapngInterface{.name = name,
                                          .description = "what left the emulated link",
                                          .link_type = link_type,
                                          .snap_bytes = 0,
                                          .filter = {}});
}

void ReplayOutput::append(const PcapngPacket& packet) noexcept {
  append_block(blocks_, packet);
  if (blocks_.size() > kReplayWriteBytes) write_blocks();
}

void ReplayOutput::write_blocks() noexcept {
  const std::string_view text(reinterpret_cast<const char*>(blocks_.data()), blocks_.size());
  if (write_errno_ == 0) write_errno_ = write_all(file_.get(), text);
  blocks_.clear();
}

void ReplayOutput::finish() {
  write_blocks();
  if (write_errno_ != 0) throw_system_error(write_errno_, "write the packets to", path_);
}

}  // namespace tunrelay
