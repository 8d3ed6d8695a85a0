// SPDX-License-Identifier: MIT
// A file of packets, read one after the other: pcap by libpcap, pcapng by a reader of our own,
// since libpcap refuses what most captures of tunnels are, several interfaces of raw IP packets,
// and does not say which interface a packet is of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "packet/packet.hpp"

namespace tunrelay {

struct FilePacket {
  std::span<const std::byte> bytes;  ///< until the next one is read
  std::uint32_t original_bytes = 0;  ///< as it stood on the wire
  std::int64_t time_ns = 0;          ///< since 1970
};

/// Which packets of a file with several interfaces are taken.
struct PacketChoice {
  std::string interface;  ///< by name, or its number from 0 on; empty: all
  /// Of a capture of ours, where each packet stands as it came in and as it left: the device that
  /// it came from, 0 for a or 1 for b, unless an interface is named.
  std::size_t device = 0;
};

/// What reads one format.
class PacketSource {
 public:
  virtual ~PacketSource() = default;
  PacketSource(const PacketSource&) = delete;
  PacketSource& operator=(const PacketSource&) = delete;

  [[nodiscard]] virtual LinkType link_type() const noexcept = 0;
  [[nodiscard]] virtual std::optional<FilePacket> next() = 0;

 protected:
  PacketSource() = default;
};

class PacketFile {
 public:
  /// Throws a usage Error for what is not a file of packets, is of a link that we don't know, or
  /// has not the chosen interface.
  explicit PacketFile(const std::string& path, const PacketChoice& choice = {});

  [[nodiscard]] LinkType link_type() const noexcept { return source_->link_type(); }
  /// Nothing at the end; a usage Error for a file that is broken off.
  [[nodiscard]] std::optional<FilePacket> next() { return source_->next(); }

 private:
  std::unique_ptr<PacketSource> source_;
};

/// The link type of LINK_TYPE, a number of www.tcpdump.org/linktypes.html or a DLT_ value of
/// libpcap. Throws a usage Error for one of PATH that we don't know.
[[nodiscard]] LinkType known_link_type(int link_type, const std::string& path);

}  // namespace tunrelay
