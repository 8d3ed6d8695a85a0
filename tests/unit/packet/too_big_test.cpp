// SPDX-License-Identifier: MIT
// Answers to packets that are too long: every byte of them, and to which packets there is none.
#include "packet/too_big.hpp"

#include <gtest/gtest.h>

#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// The answer to FRAME, or nothing where it may have none.
Bytes answer_to(const Bytes& frame, LinkType type, std::uint32_t mtu_bytes) {
  const OwnedPacket owned(Frame{{}, frame}, {type, kAnyMtu});
  EXPECT_EQ(owned.fault, std::nullopt);
  if (!may_answer_too_big(owned.packet.bytes(), owned.packet.layers)) return {};
  Bytes out(kMaxTooBigBytes);
  const std::size_t bytes =
      make_too_big(owned.packet.bytes(), owned.packet.layers, mtu_bytes,
                   std::span<std::byte, kMaxTooBigBytes>(out.data(), kMaxTooBigBytes));
  out.resize(bytes);
  return out;
}
bool has_answer(const PacketSpec& spec) {
  return !answer_to(completed(build_frame(spec)).bytes, spec.link_type, 100).empty();
}

PacketSpec long_spec(int ip_version, std::size_t payload_bytes = 1460) {
  PacketSpec spec;
  spec.ip_version = ip_version;
  spec.payload = counting_bytes(payload_bytes);
  return spec;
}

void append(Bytes& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

TEST(TooBigTest, TheWholeIpv4AnswerByteByByte) {
  // A UDP packet of 32 bytes without a checksum of its own.
  const Bytes packet =
      bytes_of({0x45, 0,   0,  32, 0x12, 0x34, 0x40, 0,    64, 17, 0x8d, 0x45, 192, 168, 13,  1,
                192,  168, 13, 2,  0x9c, 0x40, 0x14, 0x51, 0,  12, 0,    0,    'l', 'o', 'n', 'g'});
  Bytes expected =
      bytes_of({0x45, 0xc0, 0,    60,   0,  0, 0x40, 0,   64, 1,
                0x9e, 0xad, 192,  168,  13, 2, 192,  168, 13, 1,  // from where the packet went to
                3,    4,    0x6c, 0x0f, 0,  0, 0x05, 0x78});      // and 1400
  append(expected, packet);
  EXPECT_EQ(answer_to(packet, LinkType::kIp, 1400), expected);
}

TEST(TooBigTest, QuotesAsMuchAsFits) {
  const Bytes long_packet = completed(build_frame(long_spec(4))).bytes;
  const Bytes ipv4 = answer_to(long_packet, LinkType::kIp, 1400);
  ASSERT_EQ(ipv4.size(), 576U);
  EXPECT_TRUE(std::equal(ipv4.begin() + 28, ipv4.end(), long_packet.begin()));
  EXPECT_EQ(answer_to(long_packet, LinkType::kIp, 68).size(), 68U) << "it must fit the link itself";
  const Bytes long_ipv6 = completed(build_frame(long_spec(6))).bytes;
  const Bytes ipv6 = answer_to(long_ipv6, LinkType::kIp, 1400);
  ASSERT_EQ(ipv6.size(), 1280U);
  EXPECT_TRUE(std::equal(ipv6.begin() + 48, ipv6.end(), long_ipv6.begin()));
  EXPECT_EQ(ipv6[40], std::byte{2});
  EXPECT_EQ(ipv6[41], std::byte{0});
  EXPECT_EQ(get_u32(ipv6, 44), 1400U);
  EXPECT_TRUE(std::equal(ipv6.begin() + 8, ipv6.begin() + 24, long_ipv6.begin() + 24));
  EXPECT_TRUE(std::equal(ipv6.begin() + 24, ipv6.begin() + 40, long_ipv6.begin() + 8));
}

TEST(TooBigTest, AnyAnswerIsARightPacketOfItsOwn) {
  SeededRandom random;
  std::size_t answers = 0;
  for (std::size_t times = scaled(2000); times > 0; --times) {
    const PacketSpec spec = random_spec(random, false);
    const Bytes frame = completed(build_frame(spec)).bytes;
    const Bytes answer =
        answer_to(frame, spec.link_type, static_cast<std::uint32_t>(random.between(68, 1500)));
    if (answer.empty()) continue;
    ++answers;
    const OwnedPacket owned(Frame{{}, answer}, {spec.link_type, kAnyMtu});
    ASSERT_EQ(owned.fault, std::nullopt);
    const Layers& layers = owned.packet.layers;
    const std::span<const std::byte> ip = std::span(answer).subspan(layers.ip_offset);
    const std::span<const std::byte> icmp = std::span(answer).subspan(layers.transport_offset);
    if (spec.ip_version == 4) {
      ASSERT_EQ(naive_sum(ip.first(20)), 0xffff);
      ASSERT_EQ(naive_sum(icmp), 0xffff);
    } else {
      Bytes both = bytes_of({0, 0});
      set_u16(both, 0, naive_pseudo_sum(answer, layers.ip_offset, 58, icmp.size()));
      append(both, icmp);
      ASSERT_EQ(naive_sum(both), 0xffff);
    }
    ASSERT_FALSE(may_answer_too_big(answer, layers)) << "an answer has no answer";
    if (spec.link_type != LinkType::kEthernet) continue;
    ASSERT_TRUE(std::equal(answer.begin(), answer.begin() + 6, frame.begin() + 6));
    ASSERT_TRUE(std::equal(answer.begin() + 6, answer.begin() + 12, frame.begin()));
    ASSERT_TRUE(
        std::equal(answer.begin() + 12, answer.begin() + layers.ip_offset, frame.begin() + 12))
        << "VLAN tags and the type";
  }
  EXPECT_GT(answers, scaled(500));
}

TEST(TooBigTest, PaddingBehindThePacketIsNotQuoted) {
  PacketSpec spec = long_spec(4, 4);
  spec.link_type = LinkType::kEthernet;
  Bytes frame = completed(build_frame(spec)).bytes;
  const std::size_t packet_bytes = frame.size() - 14;
  frame.resize(frame.size() + 6);
  EXPECT_EQ(answer_to(frame, LinkType::kEthernet, 100).size(), 14 + 28 + packet_bytes);
}

TEST(TooBigTest, NoAnswerToWhatMayBeFragmentedOrGoesToMany) {
  PacketSpec spec = long_spec(4);
  EXPECT_TRUE(has_answer(spec));
  spec.dont_fragment = false;
  EXPECT_FALSE(has_answer(spec));
  // An Ethernet broadcast, or multicast, whatever the IP address.
  for (const int ip_version : {4, 6}) {
    PacketSpec one = long_spec(ip_version);
    one.link_type = LinkType::kEthernet;
    EXPECT_TRUE(has_answer(one));
    Bytes frame = completed(build_frame(one)).bytes;
    frame[0] |= std::byte{1};
    EXPECT_TRUE(answer_to(frame, LinkType::kEthernet, 100).empty());
  }
}

TEST(TooBigTest, NoAnswerFromOrToWhatIsNoSingleHost) {
  const Bytes ipv4 = completed(build_frame(long_spec(4))).bytes;
  for (const int first : {0, 127, 224, 239, 240, 255})
    for (const std::size_t at : {12U, 16U}) {
      Bytes frame = ipv4;
      frame[at] = static_cast<std::byte>(first);
      EXPECT_TRUE(answer_to(frame, LinkType::kIp, 100).empty()) << first;
    }
  const Bytes ipv6 = completed(build_frame(long_spec(6))).bytes;
  for (const std::size_t at : {8U, 24U}) {
    Bytes multicast = ipv6;
    multicast[at] = std::byte{0xff};
    EXPECT_TRUE(answer_to(multicast, LinkType::kIp, 100).empty());
    for (const int last : {0, 1}) {
      Bytes frame = ipv6;
      std::fill_n(frame.begin() + static_cast<std::ptrdiff_t>(at), 16, std::byte{0});
      frame[at + 15] = static_cast<std::byte>(last);
      EXPECT_TRUE(answer_to(frame, LinkType::kIp, 100).empty()) << last;
    }
  }
}

/// An IPv4 packet of 60 bytes whose ICMP message, if it is one, is of TYPE.
Bytes ipv4_packet(int protocol, int fragment_word, int type) {
  Bytes frame(60);
  frame[0] = std::byte{0x45};
  set_u16(frame, 2, 60);
  set_u16(frame, 6, static_cast<std::uint32_t>(fragment_word));
  frame[9] = static_cast<std::byte>(protocol);
  frame[12] = frame[16] = std::byte{10};
  frame[20] = static_cast<std::byte>(type);
  return frame;
}

TEST(TooBigTest, NoAnswerToIcmpErrorsAndLaterFragments) {
  for (const int type : {3, 4, 5, 11, 12})
    EXPECT_TRUE(answer_to(ipv4_packet(1, 0x4000, type), LinkType::kIp, 68).empty()) << type;
  for (const int type : {0, 8, 13, 14})
    EXPECT_FALSE(answer_to(ipv4_packet(1, 0x4000, type), LinkType::kIp, 68).empty()) << type;
  EXPECT_FALSE(answer_to(ipv4_packet(17, 0x6000, 0), LinkType::kIp, 68).empty()) << "the first";
  EXPECT_TRUE(answer_to(ipv4_packet(17, 0x4001, 0), LinkType::kIp, 68).empty());
  EXPECT_TRUE(answer_to(ipv4_packet(1, 0x6000, 3), LinkType::kIp, 68).empty())
      << "an error's first fragment is an error";
}

TEST(TooBigTest, NoAnswerToIcmpv6ErrorsAndLaterFragments) {
  // Behind the IPv6 header: TYPE at once, or a fragment header of OFFSET before it.
  const auto packet = [](int type, int fragment_offset) {
    Bytes frame(100);
    frame[0] = std::byte{0x60};
    set_u16(frame, 4, 60);
    frame[6] = std::byte{fragment_offset < 0 ? std::uint8_t{58} : std::uint8_t{44}};
    frame[8] = frame[24] = std::byte{0xfd};
    frame[fragment_offset < 0 ? 40 : 48] = static_cast<std::byte>(type);
    if (fragment_offset >= 0) {
      frame[40] = std::byte{58};
      set_u16(frame, 42, static_cast<std::uint32_t>(fragment_offset << 3 | 1));
    }
    return frame;
  };
  constexpr int kEchoRequest = 128;
  constexpr int kRedirect = 137;
  for (const int type : {1, 2, 3, 4, 100, 127, kRedirect}) {
    EXPECT_TRUE(answer_to(packet(type, -1), LinkType::kIp, 68).empty()) << type;
    EXPECT_TRUE(answer_to(packet(type, 0), LinkType::kIp, 68).empty()) << type;
  }
  EXPECT_FALSE(answer_to(packet(kEchoRequest, -1), LinkType::kIp, 68).empty());
  EXPECT_FALSE(answer_to(packet(kEchoRequest, 0), LinkType::kIp, 68).empty());
  EXPECT_TRUE(answer_to(packet(kEchoRequest, 1), LinkType::kIp, 68).empty());
}

}  // namespace
}  // namespace tunrelay::test
