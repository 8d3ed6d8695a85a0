// SPDX-License-Identifier: MIT
// From the bytes of a frame to a Packet: finds the layers and checks the virtio-net header
// against them. The kernel accepts many wrong headers on write (drivers/net/tun.c,
// include/linux/virtio_net.h), so what does not hold is refused here.
#pragma once

#include <cstdint>
#include <optional>

#include "base/drop_reason.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// What a link carries.
struct LinkLimits {
  LinkType type = LinkType::kIp;
  std::uint32_t mtu_bytes = 1500;  ///< of the network layer, as `ip link` shows it
};

/// The smallest TCP segment that the kernel cuts: TCP_MIN_GSO_SIZE of include/net/tcp.h, its
/// least MSS of 48 minus the longest options. Below it a sender would make the receiver work
/// for thousands of next to empty segments.
inline constexpr std::uint32_t kMinTcpSegmentBytes = 8;
/// UDP_MAX_SEGMENTS of include/linux/udp.h: more in one super-packet is EINVAL on write.
inline constexpr std::uint32_t kMaxUdpSegments = 128;

/// Fills PACKET.layers and PACKET.run from PACKET.frame, frame_bytes and header, which the
/// caller has set. Returns why the packet must not be passed on, if so; its run then stays
/// one segment. Reads no byte outside the frame, whatever the frame says; safe on any input.
///
/// Nothing that the kernel's own senders make is refused: a header is refused when it
/// contradicts the frame, never when it is only unusual. A checksum is not looked at.
///
/// What is passed is written again as PACKET.header says, so the header is put in order:
/// unknown flag bits are cleared, so are fields that its flags leave without a meaning, and
/// hdr_len (never to be trusted) becomes the length of the headers, or 0 without GSO. GSO of
/// one segment is not GSO: some kernels refuse to write it (6.6.44 did).
[[nodiscard]] std::optional<DropReason> parse(Packet& packet, const LinkLimits& limits) noexcept;

}  // namespace tunrelay
