// SPDX-License-Identifier: MIT
// Where the stages of a replay lead: into a pcapng file, at the virtual time of the moment.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "capture/pcapng.hpp"
#include "os/file_descriptor.hpp"
#include "replay/frame_store.hpp"
#include "replay/replay.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// Keeps the books in REPORT as a lane does: read + made == written + queued + dropped.
class ReplayExit final : public StageOutput {
 public:
  /// Throws Error when the file can't be made. STORE and REPORT must outlive it.
  ReplayExit(const ReplayOptions& options, LinkType link_type, FrameStore& store,
             ReplayReport& report);

  /// What is let out from now on leaves at that time.
  void set_time(std::int64_t now_ns) noexcept { now_ns_ = now_ns; }
  /// The rest of the file. Throws Error when it could not be written.
  void finish();

  void pass(const Packet& packet) noexcept override;
  void drop(const Packet& packet, DropReason reason) noexcept override;
  void share(const Packet& packet) noexcept override { store_.retain(packet.buffer); }
  void copy(const Packet& packet) noexcept override;
  [[nodiscard]] std::optional<FrameBuffer> take_buffer(const Packet& packet) noexcept override;
  void commit(const Packet& packet) noexcept override;
  void consume(const Packet& packet) noexcept override;

 private:
  void write_blocks() noexcept;

  std::string path_;
  FileDescriptor file_;
  FrameStore& store_;
  ReplayReport& report_;
  PcapngBytes blocks_;   ///< not yet written
  int write_errno_ = 0;  ///< of the first write that failed
  std::int64_t now_ns_ = 0;
};

}  // namespace tunrelay
