// SPDX-License-Identifier: MIT
#include "packet/describe.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <string_view>

#include "base/ip_address.hpp"
#include "base/path_nonce.hpp"
#include "packet/describe_control.hpp"
#include "packet/layers.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay {
namespace {

std::string name_of_protocol(const Layers& layers) {
  switch (layers.protocol) {
    case IPPROTO_TCP:
      return "TCP";
    case IPPROTO_UDP:
      return "UDP";
    case IPPROTO_ICMP:
      return "ICMP";
    case IPPROTO_ICMPV6:
      return "ICMPv6";
    case IPPROTO_IGMP:
      return "IGMP";
    case IPPROTO_SCTP:
      return "SCTP";
    default:
      return fmt::format("protocol {}", layers.protocol);
  }
}

/// An end of the packet, with its port where one is known.
std::string describe_end(const PacketGlimpse& glimpse, const Layers& layers, bool is_source) {
  const std::size_t v4_field = is_source ? ipv4::kSource : ipv4::kDestination;
  const std::size_t v6_field = is_source ? ipv6::kSource : ipv6::kDestination;
  const bool is_ipv4 = layers.ip_version == 4;
  std::string address =
      IpAddress{glimpse.bytes.subspan(layers.ip_offset + (is_ipv4 ? v4_field : v6_field),
                                      is_ipv4 ? 4 : 16)}
          .to_string();
  if (layers.payload_offset == 0) return address;
  const std::uint16_t port = load_u16(glimpse.bytes.data() + layers.transport_offset +
                                      (is_source ? kSourcePort : kDestinationPort));
  return is_ipv4 ? fmt::format("{}:{}", address, port) : fmt::format("[{}]:{}", address, port);
}

/// "1448", "1448 x 45", "1448 x 7, segments 8 to 14 of 45".
std::string describe_payload(const PacketGlimpse& glimpse, const Layers& layers) {
  const std::uint32_t end = std::min(ip_end_offset(glimpse.bytes, layers), glimpse.frame_bytes);
  const std::uint32_t payload_bytes = end - std::min<std::uint32_t>(end, layers.payload_offset);
  const std::uint32_t size = glimpse.header.gso_size;
  if (!glimpse.header.is_gso() || size == 0 || payload_bytes <= size)
    return fmt::format(" {}", payload_bytes);
  const std::uint32_t segments = (payload_bytes + size - 1) / size;
  const SegmentRun run = glimpse.run;
  if (run.first >= run.last || run.last > segments) return fmt::format(" {} x {}", size, segments);
  const std::uint32_t run_bytes = std::min(payload_bytes, run.last * size) - run.first * size;
  std::string text =
      run.count() == 1 ? fmt::format(" {}", run_bytes) : fmt::format(" {} x {}", size, run.count());
  if (run.count() == segments) return text;
  return text + (run.count() == 1
                     ? fmt::format(", segment {} of {}", run.last, segments)
                     : fmt::format(", segments {} to {} of {}", run.first + 1, run.last, segments));
}

/// "[PA]", in the order of tcpdump; "." stands for ACK there, "A" here.
std::string describe_tcp_flags(std::uint8_t flags) {
  constexpr std::string_view kLetters = "FSRPAUEW";  // from the lowest bit on
  std::string text;
  for (std::size_t bit = 0; bit < kLetters.size(); ++bit)
    if ((flags >> bit & 1) != 0) text += kLetters[bit];
  return text;
}

std::string describe_tcp(const PacketGlimpse& glimpse, const Layers& layers) {
  const std::byte* header = glimpse.bytes.data() + layers.transport_offset;
  const std::uint8_t flags = load_u8(header + tcp::kFlags);
  const std::uint32_t bytes_before_run =
      glimpse.header.is_gso() ? std::uint32_t{glimpse.run.first} * glimpse.header.gso_size : 0;
  std::string text =
      fmt::format(" [{}]{} seq {}", describe_tcp_flags(flags), describe_payload(glimpse, layers),
                  load_u32(header + tcp::kSequence) + bytes_before_run);
  if ((flags & tcp::kAck) != 0)
    text += fmt::format(" ack {}", load_u32(header + tcp::kAcknowledgement));
  return text + fmt::format(" win {}", load_u16(header + tcp::kWindow));
}

std::string describe_fragment(const PacketGlimpse& glimpse, const Layers& layers) {
  if (layers.ip_version == 6) return " fragment";
  const std::byte* ip = glimpse.bytes.data() + layers.ip_offset;
  const std::uint16_t field = load_u16(ip + ipv4::kFragment);
  const unsigned offset = (field & ipv4::kFragmentOffset) * 8U;
  return fmt::format(" fragment of id {} from byte {}{}", load_u16(ip + ipv4::kId), offset,
                     (field & ipv4::kMoreFragments) != 0 ? "" : ", the last");
}

/// " (tunrelay path probe)", for the one kind of packet that the user's programs do not send.
std::string describe_probe(const PacketGlimpse& glimpse, const Layers& layers) {
  const std::uint32_t end = std::min(ip_end_offset(glimpse.bytes, layers), glimpse.frame_bytes);
  if (end > glimpse.bytes.size() || end < layers.payload_offset) return "";
  const auto payload =
      glimpse.bytes.subspan(layers.payload_offset, end - std::size_t{layers.payload_offset});
  return is_path_probe(payload) ? fmt::format(" ({})", kPathProbeName) : "";
}

std::string describe_ip(const PacketGlimpse& glimpse, const Layers& layers) {
  std::string text =
      fmt::format("IPv{} {} {} > {}", layers.ip_version, name_of_protocol(layers),
                  describe_end(glimpse, layers, true), describe_end(glimpse, layers, false));
  if (layers.transport_offset == 0) return text + describe_fragment(glimpse, layers);
  const auto transport =
      glimpse.bytes.subspan(std::min<std::size_t>(layers.transport_offset, glimpse.bytes.size()));
  if (layers.protocol == IPPROTO_ICMP && layers.ip_version == 4)
    return text + describe_icmp(transport);
  if (layers.protocol == IPPROTO_ICMPV6 && layers.ip_version == 6)
    return text + describe_icmpv6(transport);
  if (layers.payload_offset == 0)
    return text + fmt::format(", {} bytes", glimpse.frame_bytes - layers.ip_offset);
  if (layers.protocol == IPPROTO_TCP) return text + describe_tcp(glimpse, layers);
  return text + describe_payload(glimpse, layers) + describe_probe(glimpse, layers);
}

std::string describe_vlan_tags(const PacketGlimpse& glimpse, const Layers& layers) {
  std::string text;
  for (std::uint32_t at = ethernet::kHeaderBytes; at < layers.ip_offset;
       at += ethernet::kVlanTagBytes)
    text += fmt::format("VLAN {} ", load_u16(glimpse.bytes.data() + at) & 0x0fffU);
  return text;
}

std::string describe_other_frame(const PacketGlimpse& glimpse, const Layers& layers) {
  const auto behind = glimpse.bytes.subspan(layers.ip_offset);
  if (layers.ether_type == ethernet::kTypeArp) return describe_arp(behind);
  const std::string ends = fmt::format("{} > {}", describe_mac(glimpse.bytes.data() + 6),
                                       describe_mac(glimpse.bytes.data()));
  if (layers.ether_type == ethernet::kTypeLldp) return fmt::format("LLDP {}", ends);
  return fmt::format("Ethernet type {:04x} {}, {} bytes", layers.ether_type, ends,
                     glimpse.frame_bytes);
}

}  // namespace

std::string describe(const PacketGlimpse& glimpse) {
  Layers layers;
  const auto fault = find_layers(glimpse.bytes, glimpse.frame_bytes, glimpse.link_type, layers);
  const bool has_ip = layers.ip_version != 0;
  // A glimpse may end within the headers: what was found before that still holds.
  if (fault && !has_ip)
    return fmt::format("malformed ({}), {} bytes", to_string(*fault), glimpse.frame_bytes);
  const std::string tags = describe_vlan_tags(glimpse, layers);
  if (!has_ip) return tags + describe_other_frame(glimpse, layers);
  if (!fault) return tags + describe_ip(glimpse, layers);
  return tags + fmt::format("IPv{} {} > {} extension headers, {} bytes", layers.ip_version,
                            describe_end(glimpse, layers, true),
                            describe_end(glimpse, layers, false), glimpse.frame_bytes);
}

}  // namespace tunrelay
