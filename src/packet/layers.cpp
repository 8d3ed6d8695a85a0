// SPDX-License-Identifier: MIT
#include "packet/layers.hpp"

#include <netinet/in.h>

#include <algorithm>

#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

/// What has been read so far, and where to go on.
struct Reader {
  std::span<const std::byte> bytes;
  std::uint32_t frame_bytes;

  [[nodiscard]] const std::byte* at(std::uint32_t offset) const noexcept {
    return bytes.data() + offset;
  }
  [[nodiscard]] bool holds(std::uint32_t offset, std::uint32_t count) const noexcept {
    return bytes.size() >= std::size_t{offset} + count;
  }
};

std::optional<DropReason> find_interface(const Reader& reader, LinkType type,
                                         Layers& layers) noexcept {
  if (type == LinkType::kIp) {
    if (!reader.holds(0, 1)) return DropReason::kTooShort;
    const std::uint8_t version = load_u8(reader.at(0)) >> 4;
    if (version != 4 && version != 6) return DropReason::kBadVersion;
    layers.ether_type = version == 4 ? ethernet::kTypeIpv4 : ethernet::kTypeIpv6;
    return std::nullopt;
  }
  if (!reader.holds(0, ethernet::kHeaderBytes)) return DropReason::kTooShort;
  std::uint32_t offset = ethernet::kHeaderBytes;
  std::uint16_t ether_type = load_u16(reader.at(ethernet::kType));
  for (int tags = 0; tags < kMaxVlanTags && (ether_type == ethernet::kTypeVlan ||
                                             ether_type == ethernet::kTypeServiceVlan);
       ++tags) {
    if (!reader.holds(offset, ethernet::kVlanTagBytes)) return DropReason::kTooShort;
    ether_type = load_u16(reader.at(offset + 2));
    offset += ethernet::kVlanTagBytes;
  }
  layers.ether_type = ether_type;
  layers.ip_offset = static_cast<std::uint16_t>(offset);
  return std::nullopt;
}

/// The transport header at OFFSET of an IP packet that ends at END.
void find_transport(const Reader& reader, std::uint32_t offset, std::uint32_t end,
                    Layers& layers) noexcept {
  layers.transport_offset = static_cast<std::uint16_t>(offset);
  std::uint32_t header_bytes = 0;
  if (layers.protocol == IPPROTO_TCP) {
    if (end - offset < tcp::kHeaderBytes || !reader.holds(offset, tcp::kHeaderBytes)) return;
    header_bytes = (load_u8(reader.at(offset + tcp::kDataOffset)) >> 4) * 4U;
    if (header_bytes < tcp::kHeaderBytes || header_bytes > end - offset) return;
  } else if (layers.protocol == IPPROTO_UDP) {
    if (end - offset < udp::kHeaderBytes || !reader.holds(offset, udp::kHeaderBytes)) return;
    const std::uint16_t length = load_u16(reader.at(offset + udp::kLength));
    if (length < udp::kHeaderBytes || length > end - offset) return;
    header_bytes = udp::kHeaderBytes;
  } else {
    return;
  }
  layers.payload_offset = static_cast<std::uint16_t>(offset + header_bytes);
}

std::optional<DropReason> find_ipv4(const Reader& reader, Layers& layers) noexcept {
  const std::uint32_t start = layers.ip_offset;
  if (!reader.holds(start, ipv4::kHeaderBytes)) return DropReason::kTooShort;
  if (load_u8(reader.at(start)) >> 4 != 4) return DropReason::kBadVersion;
  const std::uint32_t header_bytes = ipv4::header_bytes_of(reader.at(start));
  const std::uint32_t total = load_u16(reader.at(start + ipv4::kTotalLength));
  if (header_bytes < ipv4::kHeaderBytes || total < header_bytes) return DropReason::kBadHeader;
  if (total > reader.frame_bytes - start) return DropReason::kTruncated;
  layers.ip_version = 4;
  layers.protocol = load_u8(reader.at(start + ipv4::kProtocol));
  const std::uint16_t fragment = load_u16(reader.at(start + ipv4::kFragment));
  if ((fragment & (ipv4::kMoreFragments | ipv4::kFragmentOffset)) == 0)
    find_transport(reader, start + header_bytes, start + total, layers);
  return std::nullopt;
}

std::optional<DropReason> find_ipv6(const Reader& reader, Layers& layers) noexcept {
  const std::uint32_t start = layers.ip_offset;
  if (!reader.holds(start, ipv6::kHeaderBytes)) return DropReason::kTooShort;
  if (load_u8(reader.at(start)) >> 4 != 6) return DropReason::kBadVersion;
  const std::uint32_t total =
      ipv6::kHeaderBytes + load_u16(reader.at(start + ipv6::kPayloadLength));
  if (total > reader.frame_bytes - start) return DropReason::kTruncated;
  const std::uint32_t end = start + total;
  layers.ip_version = 6;
  layers.protocol = load_u8(reader.at(start + ipv6::kNextHeader));
  std::uint32_t offset = start + ipv6::kHeaderBytes;
  for (int headers = 0;; ++headers) {
    const bool is_fragment = layers.protocol == IPPROTO_FRAGMENT;
    if (!is_fragment && layers.protocol != IPPROTO_HOPOPTS && layers.protocol != IPPROTO_ROUTING &&
        layers.protocol != IPPROTO_DSTOPTS) {
      find_transport(reader, offset, end, layers);
      return std::nullopt;
    }
    // Nobody stacks so many: passed on, with no transport header known.
    if (headers == kMaxExtensionHeaders) return std::nullopt;
    if (end - offset < ipv6::kExtensionUnitBytes) return DropReason::kBadHeader;
    if (!reader.holds(offset, ipv6::kExtensionUnitBytes)) return DropReason::kTooShort;
    layers.protocol = load_u8(reader.at(offset));
    if (is_fragment) {
      layers.fragment_header_offset = static_cast<std::uint16_t>(offset);
      return std::nullopt;
    }
    const std::uint32_t extension_bytes =
        (load_u8(reader.at(offset + 1)) + 1U) * ipv6::kExtensionUnitBytes;
    if (extension_bytes > end - offset) return DropReason::kBadHeader;
    offset += extension_bytes;
  }
}

}  // namespace

std::optional<DropReason> find_layers(std::span<const std::byte> bytes, std::uint32_t frame_bytes,
                                      LinkType type, Layers& layers) noexcept {
  layers = {};
  const Reader reader{bytes.first(std::min(bytes.size(), std::size_t{frame_bytes})), frame_bytes};
  if (const auto fault = find_interface(reader, type, layers)) return fault;
  if (layers.ether_type == ethernet::kTypeIpv4) return find_ipv4(reader, layers);
  if (layers.ether_type == ethernet::kTypeIpv6) return find_ipv6(reader, layers);
  return std::nullopt;
}

std::uint32_t ip_end_offset(std::span<const std::byte> bytes, const Layers& layers) noexcept {
  const std::byte* ip = bytes.data() + layers.ip_offset;
  return layers.ip_offset + (layers.ip_version == 4
                                 ? load_u16(ip + ipv4::kTotalLength)
                                 : ipv6::kHeaderBytes + load_u16(ip + ipv6::kPayloadLength));
}

}  // namespace tunrelay
