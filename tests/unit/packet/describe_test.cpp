// SPDX-License-Identifier: MIT
// A packet in one line of text.
#include "packet/describe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/path_nonce.hpp"
#include "support/naive_packet.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string describe_frame(const Frame& frame, LinkType type = LinkType::kIp, SegmentRun run = {}) {
  return describe({.bytes = frame.bytes,
                   .frame_bytes = static_cast<std::uint32_t>(frame.bytes.size()),
                   .link_type = type,
                   .header = frame.header,
                   .run = run});
}

Frame message_of(int ip_version, int protocol, std::initializer_list<int> bytes) {
  PacketSpec spec;
  spec.ip_version = ip_version;
  spec.is_tcp = false;
  Frame frame = build_frame(spec);
  frame.header = {};
  frame.bytes.resize(ip_version == 4 ? 20 : 40);
  for (const int byte : bytes) frame.bytes.push_back(static_cast<std::byte>(byte));
  frame.bytes[ip_version == 4 ? 9U : 6U] = static_cast<std::byte>(protocol);
  if (ip_version == 4)
    set_u16(frame.bytes, 2, static_cast<std::uint32_t>(frame.bytes.size()));
  else
    set_u16(frame.bytes, 4, static_cast<std::uint32_t>(bytes.size()));
  return frame;
}

TEST(DescribeTest, Ping) {
  EXPECT_EQ(describe_frame(message_of(4, 1, {8, 0, 0, 0, 0, 7, 0, 1})),
            "IPv4 ICMP 192.168.13.1 > 192.168.13.2 echo request id 7 seq 1");
  EXPECT_EQ(describe_frame(message_of(6, 58, {129, 0, 0, 0, 0, 7, 0, 1})),
            "IPv6 ICMPv6 fd13::1 > fd13::2 echo reply id 7 seq 1");
}

TEST(DescribeTest, APathProbeIsNamed) {
  constexpr std::uint64_t kNonce = 7;
  for (const int version : {4, 6})
    for (const LinkType type : {LinkType::kIp, LinkType::kEthernet}) {
      PacketSpec spec;
      spec.ip_version = version;
      spec.is_tcp = false;
      spec.link_type = type;
      const auto probe = make_path_probe(kNonce);
      spec.payload.assign(probe.begin(), probe.end());
      EXPECT_THAT(describe_frame(build_frame(spec), type), EndsWith(" 32 (tunrelay path probe)"));
      spec.payload[20] ^= std::byte{1};
      EXPECT_THAT(describe_frame(build_frame(spec), type), EndsWith(" 32"));
    }
}

TEST(DescribeTest, ControlMessages) {
  EXPECT_EQ(describe_frame(message_of(6, 58, {133, 0, 0, 0, 0, 0, 0, 0})),
            "IPv6 ICMPv6 fd13::1 > fd13::2 router solicitation");
  EXPECT_EQ(describe_frame(message_of(6, 58, {135, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0x13, 0, 0,
                                              0,   0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 9})),
            "IPv6 ICMPv6 fd13::1 > fd13::2 neighbor solicitation of fd13::9");
  EXPECT_EQ(describe_frame(message_of(4, 1, {3, 1, 0, 0, 0, 0, 0, 0})),
            "IPv4 ICMP 192.168.13.1 > 192.168.13.2 destination unreachable code 1");
  EXPECT_EQ(describe_frame(message_of(4, 1, {200, 9})),
            "IPv4 ICMP 192.168.13.1 > 192.168.13.2 type 200 code 9");
  EXPECT_EQ(describe_frame(message_of(4, 47, {0, 0, 0, 0})),
            "IPv4 protocol 47 192.168.13.1 > 192.168.13.2, 24 bytes");
}

TEST(DescribeTest, TcpAndItsSegments) {
  PacketSpec spec;
  spec.payload = counting_bytes(448);
  spec.tcp_flags = 0x18;
  EXPECT_EQ(describe_frame(build_frame(spec)),
            "IPv4 TCP 192.168.13.1:40000 > 192.168.13.2:5201 [PA] 448 seq 1 ack 1 win 502");
  spec.payload = counting_bytes(1448 * 44 + 7);
  spec.gso_size = 1448;
  const Frame frame = build_frame(spec);
  EXPECT_EQ(describe_frame(frame, LinkType::kIp, {0, 45}),
            "IPv4 TCP 192.168.13.1:40000 > 192.168.13.2:5201 [PA] 1448 x 45 seq 1 ack 1 win 502");
  EXPECT_THAT(describe_frame(frame, LinkType::kIp, {7, 14}),
              HasSubstr("1448 x 7, segments 8 to 14 of 45 seq 10137 "));
  EXPECT_THAT(describe_frame(frame, LinkType::kIp, {44, 45}),
              HasSubstr(" 7, segment 45 of 45 seq "));
}

TEST(DescribeTest, UdpOverIpv6InAVlan) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.vlan_tags = {5};
  spec.ip_version = 6;
  spec.is_tcp = false;
  spec.payload = counting_bytes(64);
  EXPECT_EQ(describe_frame(build_frame(spec), LinkType::kEthernet),
            "VLAN 5 IPv6 UDP [fd13::1]:40000 > [fd13::2]:5201 64");
}

TEST(DescribeTest, Fragments) {
  PacketSpec spec;
  spec.is_tcp = false;
  spec.payload = counting_bytes(64);
  Frame frame = build_frame(spec);
  set_u16(frame.bytes, 6, 0x2000);
  EXPECT_EQ(describe_frame(frame),
            "IPv4 UDP 192.168.13.1 > 192.168.13.2 fragment of id 1 from byte 0");
  set_u16(frame.bytes, 6, 185);
  EXPECT_EQ(describe_frame(frame),
            "IPv4 UDP 192.168.13.1 > 192.168.13.2 fragment of id 1 from byte 1480, the last");
}

TEST(DescribeTest, EthernetFramesOfOtherProtocols) {
  Frame frame;
  frame.bytes.resize(60);
  frame.bytes[5] = std::byte{2};
  frame.bytes[11] = std::byte{1};
  set_u16(frame.bytes, 12, 0x88f7);
  EXPECT_EQ(describe_frame(frame, LinkType::kEthernet),
            "Ethernet type 88f7 00:00:00:00:00:01 > 00:00:00:00:00:02, 60 bytes");
  set_u16(frame.bytes, 12, 0x0806);
  EXPECT_EQ(describe_frame(frame, LinkType::kEthernet), "ARP");
  set_u16(frame.bytes, 14, 1);
  set_u16(frame.bytes, 16, 0x0800);
  set_u16(frame.bytes, 20, 1);
  set_u32(frame.bytes, 28, 0xc0a80d01);
  set_u32(frame.bytes, 38, 0xc0a80d02);
  EXPECT_EQ(describe_frame(frame, LinkType::kEthernet),
            "ARP who has 192.168.13.2, tell 192.168.13.1");
  set_u16(frame.bytes, 20, 2);
  EXPECT_EQ(describe_frame(frame, LinkType::kEthernet), "ARP 192.168.13.1 is at 00:00:00:00:00:00");
}

TEST(DescribeTest, WhatIsWrong) {
  EXPECT_EQ(describe_frame({}), "malformed (too_short), 0 bytes");
  Frame frame;
  frame.bytes.resize(3);
  EXPECT_EQ(describe_frame(frame), "malformed (bad_version), 3 bytes");
}

TEST(DescribeTest, AGlimpseOfTheHeadersIsEnough) {
  PacketSpec spec;
  spec.payload = counting_bytes(1448 * 45);
  spec.gso_size = 1448;
  const Frame frame = build_frame(spec);
  const std::string whole = describe_frame(frame, LinkType::kIp, {0, 45});
  for (const std::size_t kept : {40U, 64U, 128U})
    EXPECT_EQ(describe({.bytes = std::span{frame.bytes}.first(kept),
                        .frame_bytes = static_cast<std::uint32_t>(frame.bytes.size()),
                        .link_type = LinkType::kIp,
                        .header = frame.header,
                        .run = {0, 45}}),
              whole);
}

TEST(DescribeTest, SaysWhatTheGlimpseHolds) {
  PacketSpec spec;
  spec.ip_version = 6;
  spec.extensions = {{0, Bytes(64)}};
  const Frame frame = build_frame(spec);
  const PacketGlimpse glimpse{.bytes = std::span{frame.bytes}.first(44),
                              .frame_bytes = static_cast<std::uint32_t>(frame.bytes.size()),
                              .link_type = LinkType::kIp,
                              .header = frame.header,
                              .run = {}};
  EXPECT_THAT(describe(glimpse), StartsWith("IPv6 fd13::1 > fd13::2 extension headers"));
}

TEST(DescribePropertyTest, IsSafeOnAnyPrefixOfAnything) {
  SeededRandom random;
  for (std::size_t times = scaled(20000); times > 0; --times) {
    const PacketSpec spec = random_spec(random, random.chance(0.2));
    Frame frame = build_frame(spec);
    if (random.chance(0.7)) damage(random, frame);
    const auto kept = random.between(0, std::min<std::size_t>(frame.bytes.size(), 160));
    // A copy of just that many bytes, so that AddressSanitizer sees a read behind them.
    const Bytes glimpse(frame.bytes.begin(), frame.bytes.begin() + static_cast<long>(kept));
    const auto run_end = static_cast<std::uint16_t>(random.between(0, 70));
    const std::string text =
        describe({.bytes = glimpse,
                  .frame_bytes = static_cast<std::uint32_t>(
                      random.chance(0.9) ? frame.bytes.size() : random.between(0, 100)),
                  .link_type = spec.link_type,
                  .header = frame.header,
                  .run = {static_cast<std::uint16_t>(random.between(0, 70)), run_end}});
    ASSERT_FALSE(text.empty());
    ASSERT_EQ(text.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace tunrelay::test
