// SPDX-License-Identifier: MIT
// The blocks of a pcapng file, as bytes: draft-ietf-opsawg-pcapng. Times are in nanoseconds since
// 1970, numbers in this host's byte order, which the section header says.
//
// A file is a section header, a description of each interface, packets, and at the end what was
// counted on each interface. Any prefix of it that ends with a block is a whole file too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packet/packet.hpp"

namespace tunrelay {

// What blocks begin with, for who writes and who reads them (draft-ietf-opsawg-pcapng, 4).
inline constexpr std::uint32_t kSectionBlock = 0x0a0d0d0a;
inline constexpr std::uint32_t kInterfaceBlock = 1;
inline constexpr std::uint32_t kPacketBlock = 6;  ///< "enhanced"
inline constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;

using PcapngBytes = std::vector<std::byte>;

struct PcapngSection {
  std::string application;       ///< shb_userappl: "tunrelay 0.2.0"
  std::string operating_system;  ///< shb_os
};

struct PcapngInterface {
  std::string name;
  std::string description;
  LinkType link_type = LinkType::kIp;
  std::uint32_t snap_bytes = 0;  ///< 0: no limit
  std::string filter;            ///< as for tcpdump; empty: none
};

/// The flags word of a packet (epb_flags, 4.3.1 of the draft).
struct PcapngFlags {
  static constexpr std::uint32_t kInbound = 1;
  static constexpr std::uint32_t kOutbound = 2;
  static constexpr std::uint32_t kChecksumNotReady = 1 << 9;
  static constexpr std::uint32_t kTcpSegmentationOffloaded = 1 << 11;
};

struct PcapngPacket {
  std::uint32_t interface = 0;  ///< in the order in which they were described
  std::int64_t time_ns = 0;
  std::span<const std::byte> bytes;  ///< what was kept
  std::uint32_t original_bytes = 0;  ///< as it stood on the link
  std::uint32_t flags = 0;           ///< of PcapngFlags
  std::uint64_t id = 0;              ///< epb_packetid
  std::uint32_t queue = 0;           ///< epb_queue
  std::uint64_t dropped_before = 0;  ///< epb_dropcount; left out when 0
  std::string_view comment;          ///< left out when empty
};

/// Since the capture began.
struct PcapngStatistics {
  std::uint32_t interface = 0;
  std::int64_t time_ns = 0;
  std::int64_t begin_ns = 0;
  std::uint64_t received = 0;   ///< packets seen on the interface
  std::uint64_t accepted = 0;   ///< by the filter
  std::uint64_t dropped = 0;    ///< accepted, but lost to the capture
  std::uint64_t delivered = 0;  ///< in the file
};

void append_block(PcapngBytes& out, const PcapngSection& section);
void append_block(PcapngBytes& out, const PcapngInterface& interface);
void append_block(PcapngBytes& out, const PcapngPacket& packet);
void append_block(PcapngBytes& out, const PcapngStatistics& statistics);

/// The bytes that such a packet's block has at most beside the packet and the comment.
inline constexpr std::size_t kPcapngPacketOverhead = 96;

/// The bytes of one interface's statistics.
inline constexpr std::size_t kPcapngStatisticsBytes = 100;

/// How far BLOCKS, whole blocks, can be kept in MOST_BYTES: up to which byte, and how many packets
/// of the first two interfaces are in what is left out.
struct PcapngCut {
  std::size_t kept_bytes = 0;
  std::array<std::uint64_t, 2> packets_lost{};
};
[[nodiscard]] PcapngCut cut_blocks(std::span<const std::byte> blocks, std::size_t most_bytes);

}  // namespace tunrelay
