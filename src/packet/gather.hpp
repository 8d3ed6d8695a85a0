// SPDX-License-Identifier: MIT
// What a rebuilt packet is written from: headers in a slot of the caller's, and the payload
// where it was read. One gather write (writev) of the pieces in order is one packet.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>

#include "packet/batch.hpp"
#include "packet/layers.hpp"
#include "packet/virtio_net_header.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {

/// The longest headers that are rebuilt. IPv6 extension headers do not change and are written
/// from where they were read.
inline constexpr std::size_t kHeaderSlotBytes =
    kVirtioNetHeaderBytes +                                          // virtio-net header
    ethernet::kHeaderBytes + kMaxVlanTags * ethernet::kVlanTagBytes  // link header
    + ipv4::kHeaderBytesMax                                          // more than IPv6's fixed 40
    + tcp::kHeaderBytesMax;                                          // more than UDP's 8

/// Memory for the headers of one write; it must stay until the write is done.
using HeaderSlot = std::array<std::byte, kHeaderSlotBytes>;

/// The pieces of a run: virtio-net, link and IP header - extension headers in place -
/// transport header - payload in place.
inline constexpr std::size_t kMaxRunPieces = 4;
/// The pieces of a merged packet: all headers, then each packet's payload in place.
inline constexpr std::size_t kMaxMergedPieces = 1 + kMaxBatch;

}  // namespace tunrelay
