// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_capture.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/units.hpp"

namespace tunrelay {

void TunnelCapture::begin(const CaptureOptions& options, const CaptureSite& site,
                          FileDescriptor pipe) {
  if (capture_)
    throw_system_error(EBUSY, "capture to", options.file,
                       "a capture to " + capture_->report().file + " runs; end it first");
  check_capture_options(options, site.link_type);
  capture_ = pipe.is_open() ? std::make_unique<Capture>(options, site, std::move(pipe))
                            : std::make_unique<Capture>(options, site);
}

std::unique_ptr<PacketTap> TunnelCapture::make_tap(Direction direction, std::size_t queue) {
  return capture_->make_tap(static_cast<std::uint8_t>(index_of(direction)), queue);
}

std::optional<CaptureReport> TunnelCapture::end() noexcept {
  if (!capture_) return {};
  capture_->finish();
  ended_ = capture_->report();
  capture_.reset();
  return ended_;
}

std::optional<CaptureReport> TunnelCapture::report() const {
  if (capture_) return capture_->report();
  return ended_;
}

TunnelEvent failure_event(const CaptureReport& ended) {
  return {TunnelEvent::Kind::kNote,
          fmt::format("The capture has ended, {} could not be written: {}. {} packets "
                      "are in it; the link goes on.",
                      ended.file, ended.failure, format_count(ended.packets))};
}

}  // namespace tunrelay
