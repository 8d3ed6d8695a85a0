// SPDX-License-Identifier: MIT
// The captures of a tunnel: one at a time, the newest of which is reported.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/direction.hpp"
#include "capture/capture.hpp"
#include "os/file_descriptor.hpp"
#include "tunnel/tunnel_event.hpp"

namespace tunrelay {

/// Used by one thread. It knows no relay: whoever has one shows it packets through make_tap().
class TunnelCapture {
 public:
  /// To PIPE (which options.file then describes) where it is open. Throws Error: the file can't be
  /// written, or a capture runs.
  void begin(const CaptureOptions& options, const CaptureSite& site, FileDescriptor pipe = {});
  [[nodiscard]] bool runs() const noexcept { return capture_ != nullptr; }
  /// Nothing can be written any more.
  [[nodiscard]] bool has_failed() const noexcept { return capture_ && capture_->failed(); }
  /// What shows it a lane's packets, while it runs. The relay must let go of all taps before
  /// end().
  [[nodiscard]] std::unique_ptr<PacketTap> make_tap(Direction direction, std::size_t queue);
  /// Writes what is left. What was captured; nothing when none runs.
  std::optional<CaptureReport> end() noexcept;

  /// Of the one that runs, or of the newest.
  [[nodiscard]] std::optional<CaptureReport> report() const;

 private:
  std::unique_ptr<Capture> capture_;
  std::optional<CaptureReport> ended_;  ///< the newest
};

/// What the user is to know of a capture that has ended before its time.
[[nodiscard]] TunnelEvent failure_event(const CaptureReport& ended);

}  // namespace tunrelay
