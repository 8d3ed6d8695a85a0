// SPDX-License-Identifier: MIT
#include "support/naive_parser.hpp"

#include <netinet/in.h>

#include <stdexcept>

namespace tunrelay::test {
namespace {

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool condition, const char* what) {
  if (!condition) throw Refused(what);
}

class CheckedBytes {
 public:
  explicit CheckedBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t u8(std::size_t at) const {
    require(at < bytes_.size(), "a byte behind the end");
    return std::to_integer<std::size_t>(bytes_[at]);
  }
  [[nodiscard]] std::size_t u16(std::size_t at) const { return u8(at) * 256 + u8(at + 1); }

 private:
  std::span<const std::byte> bytes_;
};

std::uint16_t narrow(std::size_t value) {
  return static_cast<std::uint16_t>(value);
}

struct IpPacket {
  std::size_t end = 0;             ///< in the frame
  std::size_t behind_headers = 0;  ///< where the transport header would be
  bool is_fragment = false;
  bool is_deep = false;  ///< more extension headers than anyone stacks
};

IpPacket read_ipv4(const CheckedBytes& frame, std::size_t start, Layers& layers) {
  require(frame.size() >= start + 20, "IPv4 header");
  require(frame.u8(start) / 16 == 4, "version");
  const std::size_t header_bytes = frame.u8(start) % 16 * 4;
  const std::size_t total = frame.u16(start + 2);
  require(header_bytes >= 20, "header length");
  require(total >= header_bytes, "total length below the header's");
  require(start + total <= frame.size(), "total length beyond the frame");
  layers.ip_version = 4;
  layers.protocol = static_cast<std::uint8_t>(frame.u8(start + 9));
  return {start + total, start + header_bytes, (frame.u16(start + 6) & 0x3fff) != 0, false};
}

IpPacket read_ipv6(const CheckedBytes& frame, std::size_t start, Layers& layers) {
  require(frame.size() >= start + 40, "IPv6 header");
  require(frame.u8(start) / 16 == 6, "version");
  IpPacket packet;
  packet.end = start + 40 + frame.u16(start + 4);
  require(packet.end <= frame.size(), "payload length beyond the frame");
  layers.ip_version = 6;
  std::size_t next = frame.u8(start + 6);
  std::size_t at = start + 40;
  int headers = 0;
  while (next == 0 || next == 43 || next == 44 || next == 60) {
    if (headers++ == 16) {
      packet.is_deep = true;
      break;
    }
    require(at + 8 <= packet.end, "extension header beyond the packet");
    const bool is_fragment = next == 44;
    next = frame.u8(at);
    if (is_fragment) {
      layers.fragment_header_offset = narrow(at);
      packet.is_fragment = true;
      break;
    }
    at += (frame.u8(at + 1) + 1) * 8;
    require(at <= packet.end, "extension header beyond the packet");
  }
  layers.protocol = static_cast<std::uint8_t>(next);
  packet.behind_headers = at;
  return packet;
}

void read_transport(const CheckedBytes& frame, const IpPacket& packet, Layers& layers) {
  const std::size_t at = packet.behind_headers;
  const std::size_t room = packet.end - at;
  layers.transport_offset = narrow(at);
  if (layers.protocol == IPPROTO_TCP && room >= 20) {
    const std::size_t header_bytes = frame.u8(at + 12) / 16 * 4;
    if (header_bytes >= 20 && header_bytes <= room)
      layers.payload_offset = narrow(at + header_bytes);
  }
  if (layers.protocol == IPPROTO_UDP && room >= 8 && frame.u16(at + 4) >= 8 &&
      frame.u16(at + 4) <= room)
    layers.payload_offset = narrow(at + 8);
}

std::size_t read_interface(const CheckedBytes& frame, LinkType type, Layers& layers) {
  if (type == LinkType::kIp) {
    const std::size_t version = frame.u8(0) / 16;
    require(version == 4 || version == 6, "version");
    layers.ether_type = version == 4 ? 0x0800 : 0x86dd;
    return 0;
  }
  std::size_t type_at = 12;
  for (int tags = 0; tags < 4; ++tags) {
    const std::size_t ether_type = frame.u16(type_at);
    if (ether_type != 0x8100 && ether_type != 0x88a8) break;
    type_at += 4;
  }
  layers.ether_type = narrow(frame.u16(type_at));
  return type_at + 2;
}

std::size_t gso_segments(const CheckedBytes& frame, const VirtioNetHeader& header,
                         const IpPacket& packet, const Layers& layers) {
  const bool is_tcp = layers.protocol == IPPROTO_TCP;
  const unsigned type = header.gso_type & 0x6fU;
  const unsigned ecn = header.gso_type & 0x90U;
  require((type == 1 && layers.ip_version == 4 && is_tcp) ||
              (type == 4 && layers.ip_version == 6 && is_tcp) ||
              (type == 5 && ecn == 0 && layers.protocol == IPPROTO_UDP),
          "GSO type");
  require(layers.payload_offset != 0, "GSO without a transport header");
  require(packet.end == frame.size(), "GSO with bytes behind the packet");
  require((header.flags & 1) != 0, "GSO without NEEDS_CSUM");
  require(header.checksum_start == layers.transport_offset, "checksum start");
  require(header.checksum_offset == (is_tcp ? 16 : 6), "checksum offset");
  const std::size_t payload_bytes = frame.size() - layers.payload_offset;
  const std::size_t size = header.gso_size;
  require(size >= (is_tcp ? 8 : 1) && size != 0xffff, "GSO size");
  if (!is_tcp) {
    require(frame.u16(layers.transport_offset + 4U) == payload_bytes + 8, "UDP length");
    require(payload_bytes <= size * 128, "UDP segments");
  }
  return payload_bytes <= size ? 1 : (payload_bytes + size - 1) / size;
}

}  // namespace

std::optional<NaiveReading> parse_naively(std::span<const std::byte> bytes,
                                          const VirtioNetHeader& header, const LinkLimits& limits) {
  try {
    const CheckedBytes frame{bytes};
    NaiveReading reading;
    Layers& layers = reading.layers;
    IpPacket packet;
    const std::size_t start = read_interface(frame, limits.type, layers);
    layers.ip_offset = narrow(start);
    if (layers.ether_type == 0x0800) packet = read_ipv4(frame, start, layers);
    if (layers.ether_type == 0x86dd) packet = read_ipv6(frame, start, layers);
    if (layers.ip_version != 0 && !packet.is_fragment && !packet.is_deep)
      read_transport(frame, packet, layers);
    if ((header.flags & 1) != 0) {
      require(header.checksum_start >= start + 20, "checksum start within the IP header");
      require(header.checksum_start + std::size_t{header.checksum_offset} + 2 <= bytes.size(),
              "checksum field beyond the frame");
    }
    std::size_t wire_bytes = bytes.size() - start;
    if (header.gso_type != 0) {
      reading.segments = static_cast<std::uint32_t>(gso_segments(frame, header, packet, layers));
      if (reading.segments > 1) wire_bytes = layers.payload_offset - start + header.gso_size;
    }
    require(wire_bytes <= limits.mtu_bytes, "MTU");
    return reading;
  } catch (const Refused&) {
    return std::nullopt;
  }
}

}  // namespace tunrelay::test
