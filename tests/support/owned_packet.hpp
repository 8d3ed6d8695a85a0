// SPDX-License-Identifier: MIT
// A Packet over memory of its own, and what a gather write of pieces would send.
#pragma once

#include <sys/uio.h>

#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "packet/parse.hpp"
#include "support/naive_packet.hpp"

namespace tunrelay::test {

/// The memory holds the virtio-net header and the frame and not a byte more, so that
/// AddressSanitizer sees every access outside.
class OwnedPacket {
 public:
  explicit OwnedPacket(const Frame& frame)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(kVirtioNetHeaderBytes +
                                                            frame.bytes.size())) {
    packet.frame = memory_.get() + kVirtioNetHeaderBytes;
    packet.frame_bytes = static_cast<std::uint32_t>(frame.bytes.size());
    packet.header = frame.header;
    if (!frame.bytes.empty()) std::memcpy(packet.frame, frame.bytes.data(), frame.bytes.size());
  }
  /// With parse() done: `fault` says what it answered.
  OwnedPacket(const Frame& frame, const LinkLimits& limits) : OwnedPacket(frame) {
    fault = parse(packet, limits);
  }

  Packet packet;
  std::optional<DropReason> fault;

 private:
  std::unique_ptr<std::byte[]> memory_;
};

/// The virtio-net header and the frame that one write of PIECES sends.
inline Frame gathered(std::span<const iovec> pieces) {
  Frame frame;
  Bytes& bytes = frame.bytes;
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  bytes.reserve(size);
  for (const iovec& piece : pieces) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), start, start + piece.iov_len);
  }
  frame.header = load_virtio_net_header(bytes.data());
  bytes.erase(bytes.begin(), bytes.begin() + kVirtioNetHeaderBytes);
  return frame;
}

}  // namespace tunrelay::test
