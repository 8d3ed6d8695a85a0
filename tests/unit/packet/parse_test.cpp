// SPDX-License-Identifier: MIT
// Layers, lengths and sizes; what the kernel sends is passed.
#include "packet/parse.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "parse_fixture.hpp"

namespace tunrelay::test {
namespace {

TEST(ParseTest, FindsTheLayersOfAPlainPacket) {
  PacketSpec spec;
  spec.payload = counting_bytes(1000);
  spec.tcp_options = Bytes(12, std::byte{1});
  const OwnedPacket owned{build_frame(spec), {}};
  ASSERT_EQ(owned.fault, std::nullopt);
  const Layers& layers = owned.packet.layers;
  EXPECT_EQ(layers.ether_type, 0x0800);
  EXPECT_EQ(layers.ip_version, 4);
  EXPECT_EQ(layers.protocol, IPPROTO_TCP);
  EXPECT_EQ(layers.ip_offset, 0);
  EXPECT_EQ(layers.transport_offset, 20);
  EXPECT_EQ(layers.payload_offset, 52);
  EXPECT_EQ(owned.packet.run, (SegmentRun{0, 1}));
  EXPECT_EQ(owned.packet.payload().size(), 1000U);
}

TEST(ParseTest, LooksThroughTagsAndExtensionHeaders) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.vlan_tags = {5, 6};
  spec.ip_version = 6;
  spec.is_tcp = false;
  spec.extensions = {{0, Bytes(8)}, {43, Bytes(24)}, {60, Bytes(16)}};
  spec.payload = counting_bytes(10);
  const OwnedPacket owned{build_frame(spec), {LinkType::kEthernet, 1500}};
  ASSERT_EQ(owned.fault, std::nullopt);
  EXPECT_EQ(owned.packet.layers.ip_offset, 22);
  EXPECT_EQ(owned.packet.layers.protocol, IPPROTO_UDP);
  EXPECT_EQ(owned.packet.layers.transport_offset, 22 + 40 + 48);
  EXPECT_EQ(owned.packet.layers.payload_offset, 22 + 40 + 48 + 8);
}

TEST(ParseTest, CountsTheSegmentsOfASuperPacket) {
  for (const bool is_tcp : {true, false})
    for (const int version : {4, 6}) {
      const OwnedPacket owned{build_frame(super_packet(is_tcp, version)), {}};
      ASSERT_EQ(owned.fault, std::nullopt);
      EXPECT_EQ(owned.packet.run, (SegmentRun{0, 8}));
      EXPECT_TRUE(owned.packet.is_whole());
    }
}

TEST(ParseTest, RefusesFramesThatAreTooShort) {
  EXPECT_EQ(fault_of({}), DropReason::kTooShort);
  EXPECT_EQ(fault_of(frame_of({0x45})), DropReason::kTooShort);
  EXPECT_EQ(fault_of(frame_of({0x60})), DropReason::kTooShort);
  EXPECT_EQ(fault_of(frame_of({0x12})), DropReason::kBadVersion);
  Frame frame = build_frame({});
  frame.header = {};
  frame.bytes.resize(19);
  EXPECT_EQ(fault_of(frame), DropReason::kTooShort);
  frame.bytes.resize(20);
  EXPECT_EQ(fault_of(frame), DropReason::kTruncated);
  frame.bytes.resize(13);
  EXPECT_EQ(fault_of(frame, LinkType::kEthernet), DropReason::kTooShort);
}

TEST(ParseTest, RefusesLengthsThatContradictEachOther) {
  Frame frame = build_frame({});
  frame.header = {};
  frame.bytes[0] = std::byte{0x44};
  EXPECT_EQ(fault_of(frame), DropReason::kBadHeader);
  frame.bytes[0] = std::byte{0x45};
  set_u16(frame.bytes, 2, 19);
  EXPECT_EQ(fault_of(frame), DropReason::kBadHeader);
  set_u16(frame.bytes, 2, 41);
  EXPECT_EQ(fault_of(frame), DropReason::kTruncated);
  PacketSpec spec;
  spec.ip_version = 6;
  spec.extensions = {{0, Bytes(8)}};
  frame = build_frame(spec);
  frame.header = {};
  frame.bytes[41] = std::byte{200};
  EXPECT_EQ(fault_of(frame), DropReason::kBadHeader);
}

TEST(ParseTest, RefusesAnEthernetTypeThatTheIpHeaderBelies) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  Frame frame = build_frame(spec);
  set_u16(frame.bytes, 12, 0x86dd);
  EXPECT_EQ(fault_of(frame, LinkType::kEthernet), DropReason::kBadVersion);
}

TEST(ParseTest, RefusesWhatIsOverTheMtu) {
  PacketSpec spec;
  spec.payload = counting_bytes(1460);
  EXPECT_EQ(fault_of(build_frame(spec)), std::nullopt);
  spec.payload = counting_bytes(1461);
  EXPECT_EQ(fault_of(build_frame(spec)), DropReason::kOverMtu);
  PacketSpec super = super_packet();
  super.gso_size = 1460;
  EXPECT_EQ(fault_of(build_frame(super)), std::nullopt);
  super.gso_size = 1461;
  EXPECT_EQ(fault_of(build_frame(super)), DropReason::kOverMtu);
}

TEST(ParseTest, TakesTheMtuBehindLinkHeaderAndTags) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.vlan_tags = {5};
  spec.payload = counting_bytes(1460);
  EXPECT_EQ(fault_of(build_frame(spec), LinkType::kEthernet), std::nullopt);
  spec.payload = counting_bytes(1461);
  EXPECT_EQ(fault_of(build_frame(spec), LinkType::kEthernet), DropReason::kOverMtu);
}

/// What the kernel or an ordinary program may well hand over, however odd.
TEST(ParseTest, PassesWhatTheKernelSends) {
  // IGMPv3 report with the router alert option (24 bytes of header), as on every multicast join.
  Frame igmp = frame_of({0x46, 0xc0, 0,   40, 0, 0,  0x40, 0, 1,    2, 0x41, 0xf3, 192,  168,
                         13,   1,    224, 0,  0, 22, 0x94, 4, 0,    0, 0x22, 0,    0xf9, 1,
                         0,    0,    0,   1,  4, 0,  0,    0, 0xe0, 0, 0,    0xfb});
  EXPECT_EQ(fault_of(igmp), std::nullopt);
  // An IPv4 header and nothing else; IPv6 with "no next header".
  Frame bare = build_frame({});
  bare.header = {};
  bare.bytes.resize(20);
  set_u16(bare.bytes, 2, 20);
  bare.bytes[9] = std::byte{253};
  EXPECT_EQ(fault_of(bare), std::nullopt);
  Frame none = frame_of({0x60, 0, 0, 0, 0, 0, 59, 64});
  none.bytes.resize(40);
  EXPECT_EQ(fault_of(none), std::nullopt);
  // A raw socket's TCP of 4 bytes: a wire does not look into it.
  bare.bytes.resize(24);
  set_u16(bare.bytes, 2, 24);
  bare.bytes[9] = std::byte{6};
  OwnedPacket raw{bare, {}};
  EXPECT_EQ(raw.fault, std::nullopt);
  EXPECT_EQ(raw.packet.layers.payload_offset, 0);
  // UDP without a checksum; GSO of UDP over IPv6 of one-byte segments; 128 segments.
  PacketSpec udp;
  udp.is_tcp = false;
  udp.checksum = ChecksumState::kAbsent;
  EXPECT_EQ(fault_of(build_frame(udp)), std::nullopt);
  PacketSpec tiny = super_packet(false, 6);
  tiny.payload = counting_bytes(128);
  tiny.gso_size = 1;
  EXPECT_EQ(fault_of(build_frame(tiny)), std::nullopt);
  // TCP segments below 48 bytes: an MTU of 88 with timestamps gives 36.
  PacketSpec small = super_packet();
  small.tcp_options = Bytes(12, std::byte{1});
  small.payload = counting_bytes(360);
  small.gso_size = 36;
  EXPECT_EQ(fault_of(build_frame(small), LinkType::kIp, 88), std::nullopt);
  // The inner checksum of a packet in a tunnel (here: IPv4 in IPv4) is pending.
  PacketSpec inner;
  inner.payload = counting_bytes(50);
  Frame tunnel = build_frame(inner);
  tunnel.bytes.insert(tunnel.bytes.begin(), bare.bytes.begin(), bare.bytes.begin() + 20);
  set_u16(tunnel.bytes, 2, static_cast<std::uint32_t>(tunnel.bytes.size()));
  tunnel.bytes[9] = std::byte{IPPROTO_IPIP};
  tunnel.header.checksum_start = 40;
  EXPECT_EQ(fault_of(tunnel), std::nullopt);
}

TEST(ParseTest, PassesEthernetFramesOfOtherProtocols) {
  Frame frame;
  frame.bytes.resize(60);
  for (const int type : {0x0806, 0x88cc, 0x0026, 0x88f7}) {
    set_u16(frame.bytes, 12, static_cast<std::uint32_t>(type));
    OwnedPacket owned{frame, {LinkType::kEthernet, 1500}};
    EXPECT_EQ(owned.fault, std::nullopt) << type;
    EXPECT_EQ(owned.packet.layers.ip_version, 0);
  }
  frame.bytes.resize(14);
  EXPECT_EQ(fault_of(frame, LinkType::kEthernet), std::nullopt);
}

TEST(ParseTest, PassesEthernetPadding) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.checksum = ChecksumState::kComplete;
  Frame frame = build_frame(spec);
  frame.bytes.resize(60);
  EXPECT_EQ(fault_of(frame, LinkType::kEthernet), std::nullopt);
}

TEST(ParseTest, GivesFragmentsNoTransportHeader) {
  PacketSpec spec;
  spec.payload = counting_bytes(64);
  spec.checksum = ChecksumState::kComplete;
  for (const std::uint32_t field : {0x2000U, 0x00b9U, 0x20b9U}) {
    Frame frame = build_frame(spec);
    set_u16(frame.bytes, 6, field);
    const OwnedPacket owned{frame, {}};
    ASSERT_EQ(owned.fault, std::nullopt);
    EXPECT_EQ(owned.packet.layers.transport_offset, 0);
    EXPECT_EQ(owned.packet.layers.protocol, IPPROTO_TCP);
  }
  spec.ip_version = 6;
  spec.extensions = {{44, Bytes(8)}};
  const OwnedPacket owned{build_frame(spec), {}};
  ASSERT_EQ(owned.fault, std::nullopt);
  EXPECT_EQ(owned.packet.layers.transport_offset, 0);
  EXPECT_EQ(owned.packet.layers.protocol, IPPROTO_TCP);
}

}  // namespace
}  // namespace tunrelay::test
