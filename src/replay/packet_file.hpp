// A file of packets, read one after the other by libpcap.
#pragma once

#include <pcap/pcap.h>

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

class PacketFile {
 public:
  /// Throws a usage Error for what is no file of packets, or is of a link that we don't know.
  explicit PacketFile(const std::string& path);

  [[nodiscard]] LinkType link_type() const noexcept { return link_type_; }
  /// Nothing at the end; a usage Error for a file that is broken off.
  [[nodiscard]] std::optional<FilePacket> next();

 private:
  std::string path_;
  std::unique_ptr<pcap_t, decltype(&::pcap_close)> handle_;
  LinkType link_type_ = LinkType::kIp;
};

}  // namespace tunrelay
