// SPDX-License-Identifier: MIT
#include "capture/capture_options.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "stage/packet_filter.hpp"

namespace tunrelay {
namespace {

// A ring must hold several of the largest packets, and positions in it fit 32 bits.
constexpr std::size_t kMinBufferBytes = 1 << 20;
constexpr std::size_t kMaxBufferBytes = std::size_t{1} << 31;

}  // namespace

void check_capture_options(const CaptureOptions& options, LinkType link_type) {
  const bool rotates = options.rotate_bytes != 0 || options.rotate_ns != 0;
  if (options.files != 0 && !rotates)
    throw_usage_error("use", "--capture-files", "it says how many files a rotation keeps",
                      "add --capture-rotate-size or --capture-rotate-time");
  if (options.to_standard_output() && rotates)
    throw_usage_error("rotate", "standard output", "a pipe has no second file",
                      "name a file, or leave the rotation out");
  if (options.snap_bytes == 0)
    throw_usage_error("keep", "0 bytes of each packet", "a capture has at least its headers",
                      "leave --capture-snaplen out for whole packets, or say 128");
  if (options.buffer_bytes < kMinBufferBytes || options.buffer_bytes > kMaxBufferBytes)
    throw_usage_error("use a capture buffer of", fmt::format("{} bytes", options.buffer_bytes),
                      "it has 1M to 2G");
  if (!options.filter.empty()) static_cast<void>(PacketFilter(options.filter, link_type));
}

}  // namespace tunrelay
