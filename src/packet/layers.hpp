// SPDX-License-Identifier: MIT
// Where the layers of a frame begin: the link header with its VLAN tags, the IP header with
// options or extension headers, the transport header, the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/drop_reason.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

/// VLAN tags that are looked through; a frame with more is passed on unread.
inline constexpr int kMaxVlanTags = 4;
/// IPv6 extension headers that are looked through.
inline constexpr int kMaxExtensionHeaders = 16;

/// Fills LAYERS from BYTES, the first bytes of a frame of FRAME_BYTES, perhaps all of them.
/// Reads nothing outside BYTES and is safe on any input. Returns what is wrong with the
/// frame, if anything is; LAYERS then says how far it was read. kTooShort is also the
/// answer when the headers go on behind BYTES.
///
/// A fragment of an IP packet has no transport header here, not even the first one: what
/// stands there belongs to a longer packet. A TCP or UDP header with lengths that can't be is
/// the receiver's business, as on a wire: the packet then has no payload_offset.
[[nodiscard]] std::optional<DropReason> find_layers(std::span<const std::byte> bytes,
                                                    std::uint32_t frame_bytes, LinkType type,
                                                    Layers& layers) noexcept;

/// Where the IP packet ends, in bytes from the frame's start: an Ethernet frame may be padded
/// behind it. For a packet that find_layers() accepted and that is IPv4 or IPv6.
[[nodiscard]] std::uint32_t ip_end_offset(std::span<const std::byte> bytes,
                                          const Layers& layers) noexcept;

}  // namespace tunrelay
