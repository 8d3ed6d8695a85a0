// SPDX-License-Identifier: MIT
// The capture of a running tunnel: its begin, its end, and its end before its time.
#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "base/units.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {

void Tunnel::open_capture(const CaptureOptions& options, FileDescriptor pipe) {
  if (capture_)
    throw_system_error(EBUSY, "capture to", options.file,
                       "a capture to " + capture_->report().file + " runs; end it first");
  const CaptureSite site{.devices = {devices_[0].name(), devices_[1].name()},
                         .link_type = link_type_of(options_.type),
                         .queues = devices_[0].queues(),
                         .application = options_.application};
  check_capture_options(options, site.link_type);
  capture_ = pipe.is_open() ? std::make_unique<Capture>(options, site, std::move(pipe))
                            : std::make_unique<Capture>(options, site);
}

void Tunnel::show_packets_to_capture() {
  relay_->change_taps([this](Direction direction, std::size_t queue) {
    return capture_->make_tap(static_cast<std::uint8_t>(index_of(direction)), queue);
  });
}

void Tunnel::start_capture(const CaptureOptions& options, FileDescriptor pipe) {
  open_capture(options, std::move(pipe));
  show_packets_to_capture();
}

std::optional<CaptureReport> Tunnel::end_capture() noexcept {
  if (!capture_) return {};
  relay_->change_taps({});
  capture_->finish();
  report_.capture = capture_->report();
  capture_.reset();
  return report_.capture;
}

void Tunnel::attend_capture(std::vector<TunnelEvent>& events) {
  if (!capture_ || !capture_->failed()) return;
  const CaptureReport ended = *end_capture();
  events.push_back({TunnelEvent::Kind::kNote,
                    fmt::format("The capture has ended, {} could not be written: {}. {} packets "
                                "are in it; the link goes on.",
                                ended.file, ended.failure, format_count(ended.packets))});
}

}  // namespace tunrelay
