// SPDX-License-Identifier: MIT
// The Internet checksum against a naive one, over every length and alignment.
#include "packet/checksum.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "packet/block_sum.hpp"
#include "support/naive_packet.hpp"
#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

TEST(SumTest, GivesTheExampleOfRfc1071) {
  const std::array<std::byte, 8> bytes{std::byte{0x00}, std::byte{0x01}, std::byte{0xf2},
                                       std::byte{0x03}, std::byte{0xf4}, std::byte{0xf5},
                                       std::byte{0xf6}, std::byte{0xf7}};
  EXPECT_EQ(sum_of(bytes), 0xddf2);  // RFC 1071, section 3
}

/// Parts of random bytes, of every length at every alignment, to CHECK(part).
template <typename Check>
void for_parts(SeededRandom& random, Check check) {
  const Bytes bytes = random.bytes(2200);
  for (std::size_t start = 0; start < 16; ++start)
    for (std::size_t length = 0; length + start <= 2100;
         length += length < 200 ? 1 : random.between(1, 40)) {
      SCOPED_TRACE(fmt::format("{} bytes from {}", length, start));
      ASSERT_NO_FATAL_FAILURE(check(std::span{bytes}.subspan(start, length)));
    }
}

TEST(SumTest, OfEveryLengthAtEveryAlignmentIsTheNaiveOne) {
  SeededRandom random;
  for_parts(random,
            [](std::span<const std::byte> part) { ASSERT_EQ(sum_of(part), naive_sum(part)); });
}

TEST(SumTest, IsTheSameBesideACopy) {
  SeededRandom random;
  for_parts(random, [&random](std::span<const std::byte> part) {
    Bytes copy(part.size() + 1, std::byte{0x5a});
    const auto before = static_cast<std::uint16_t>(random.between(0, 0xffff));
    ASSERT_EQ(copy_and_sum(part, copy.data(), before), sum_of(part, before));
    ASSERT_TRUE(std::equal(part.begin(), part.end(), copy.begin()));
    ASSERT_EQ(copy.back(), std::byte{0x5a});
  });
}

TEST(BlockSumTest, IsTheSameByEachWay) {
  SeededRandom random;
  ASSERT_FALSE(block_sums().empty());
  for (const std::size_t blocks : {0U, 1U, 2U, 7U, 22U, 1023U}) {
    Bytes bytes = random.bytes(blocks * kSumBlockBytes);
    for (const bool full : {false, true}) {
      if (full) std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
      std::uint64_t expected = 0;
      for (std::size_t at = 0; at < bytes.size(); at += 4)
        expected += load_raw<std::uint32_t>(bytes.data() + at);
      for (const BlockSum& way : block_sums()) {
        EXPECT_EQ(way.sum(bytes.data(), blocks), expected) << way.name;
        Bytes copy(bytes.size());
        EXPECT_EQ(way.copy_and_sum(bytes.data(), copy.data(), blocks), expected) << way.name;
        EXPECT_EQ(copy, bytes) << way.name;
      }
    }
  }
}

TEST(SumTest, CarriesThroughFullWords) {
  for (const int filling : {0x00, 0x01, 0x80, 0xfe, 0xff}) {
    const Bytes bytes(65535, static_cast<std::byte>(filling));
    for (std::size_t length = 0; length <= bytes.size(); length += length < 300 ? 1 : 997)
      ASSERT_EQ(sum_of(std::span{bytes}.first(length)), naive_sum(std::span{bytes}.first(length)))
          << filling << " " << length;
  }
}

TEST(SumTest, GoesOnFromAnEarlierSum) {
  SeededRandom random;
  for (std::size_t times = scaled(2000); times > 0; --times) {
    const Bytes bytes = random.bytes(random.between(0, 300));
    const std::size_t cut = random.between(0, bytes.size() / 2) * 2;
    const auto all = std::span{bytes};
    ASSERT_EQ(sum_of(all.subspan(cut), sum_of(all.first(cut))), naive_sum(all));
  }
}

TEST(SumTest, OfAnIpv4HeaderIsTheNaiveOne) {
  SeededRandom random;
  for (std::size_t times = scaled(5000); times > 0; --times) {
    const Bytes header = random.bytes(20);
    ASSERT_EQ(sum_of_ipv4_header(header.data()), naive_sum(header));
  }
  const Bytes ones(20, std::byte{0xff});
  EXPECT_EQ(sum_of_ipv4_header(ones.data()), 0xffff);
  const Bytes zeros(20, std::byte{0});
  EXPECT_EQ(sum_of_ipv4_header(zeros.data()), 0);
}

TEST(UpdateChecksumTest, GivesTheExampleOfRfc1624) {
  // RFC 1624, section 4: equation 3 gives 0x0000 where RFC 1141's gave 0xffff.
  EXPECT_EQ(update_checksum(0xdd2f, 0x5555, 0x3285), 0x0000);
}

TEST(UpdateChecksumTest, IsTheChecksumOfTheChangedHeader) {
  SeededRandom random;
  for (std::size_t times = scaled(20000); times > 0; --times) {
    Bytes header = random.bytes(20);
    const auto checksum = static_cast<std::uint16_t>(~naive_sum(header));
    const std::size_t at = random.between(0, 9) * 2;
    const std::uint16_t before = get_u16(header, at);
    const auto after = static_cast<std::uint16_t>(random.between(0, 0xffff));
    set_u16(header, at, after);
    ASSERT_EQ(update_checksum(checksum, before, after),
              static_cast<std::uint16_t>(~naive_sum(header)));
  }
}

TEST(PseudoHeaderTest, IsTheNaiveOne) {
  SeededRandom random;
  for (std::size_t times = scaled(2000); times > 0; --times) {
    Bytes ip = random.bytes(40);
    ip[0] = std::byte{random.chance(0.5) ? std::uint8_t{0x45} : std::uint8_t{0x60}};
    const auto protocol = static_cast<std::uint8_t>(random.between(0, 255));
    const auto length = static_cast<std::uint32_t>(random.between(0, 70000));
    ASSERT_EQ(sum_of_pseudo_header(ip.data(), protocol, length),
              naive_pseudo_sum(ip, 0, protocol, length));
  }
}

TEST(CompleteChecksumTest, GivesWhatTheNaiveOneGives) {
  SeededRandom random;
  for (std::size_t times = scaled(3000); times > 0; --times) {
    PacketSpec spec = random_spec(random, random.chance(0.2));
    spec.checksum = ChecksumState::kPending;
    Frame frame = build_frame(spec);
    const Frame expected = completed(frame);
    complete_checksum(frame.bytes, frame.header);
    ASSERT_EQ(frame.bytes, expected.bytes);
    ASSERT_EQ(frame.header.flags, 0);
    complete_checksum(frame.bytes, frame.header);
    ASSERT_EQ(frame.bytes, expected.bytes) << "the second time changed something";
  }
}

TEST(CompleteChecksumTest, NeverWritesZero) {
  PacketSpec spec;
  spec.is_tcp = false;
  spec.payload = {std::byte{0}, std::byte{0}};
  Frame frame = build_frame(spec);
  const std::uint32_t sum = naive_sum(std::span{frame.bytes}.subspan(20));
  set_u16(frame.bytes, frame.bytes.size() - 2, 0xffff - sum);
  complete_checksum(frame.bytes, frame.header);
  EXPECT_EQ(get_u16(frame.bytes, 26), 0xffff);
}

class TransportChecksumTest : public ::testing::Test {
 protected:
  static TransportChecksum check(const Frame& frame, LinkType link_type = LinkType::kIp) {
    const OwnedPacket owned{frame, {link_type, kAnyMtu}};
    EXPECT_FALSE(owned.fault);
    return check_transport_checksum(owned.packet);
  }
};

TEST_F(TransportChecksumTest, DistinguishesValidFromWrong) {
  SeededRandom random;
  for (std::size_t times = scaled(3000); times > 0; --times) {
    PacketSpec spec = random_spec(random, false);
    spec.extensions.clear();
    spec.checksum = ChecksumState::kComplete;
    Frame frame = build_frame(spec);
    ASSERT_EQ(check(frame, spec.link_type), TransportChecksum::kValid);
    if (spec.payload.empty()) continue;
    frame.bytes.back() ^= std::byte{0x10};
    ASSERT_EQ(check(frame, spec.link_type), TransportChecksum::kWrong);
  }
}

TEST_F(TransportChecksumTest, LeavesOutEthernetPadding) {
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.payload = counting_bytes(3);
  spec.checksum = ChecksumState::kComplete;
  Frame frame = build_frame(spec);
  frame.bytes.resize(60, std::byte{0xee});
  EXPECT_EQ(check(frame, LinkType::kEthernet), TransportChecksum::kValid);
}

TEST_F(TransportChecksumTest, KnowsPendingAbsentAndUnknown) {
  PacketSpec spec;
  spec.payload = counting_bytes(100);
  EXPECT_EQ(check(build_frame(spec)), TransportChecksum::kPending);
  spec.is_tcp = false;
  spec.checksum = ChecksumState::kAbsent;
  EXPECT_EQ(check(build_frame(spec)), TransportChecksum::kAbsent);
  Frame fragment = build_frame(spec);
  set_u16(fragment.bytes, 6, 0x2000);
  EXPECT_EQ(check(fragment), TransportChecksum::kUnknown);
  spec.ip_version = 6;
  spec.extensions = {{60, Bytes(8)}};
  spec.checksum = ChecksumState::kComplete;
  EXPECT_EQ(check(build_frame(spec)), TransportChecksum::kUnknown);
}

TEST_F(TransportChecksumTest, ChecksIcmpOfBothVersions) {
  for (const int version : {4, 6}) {
    PacketSpec spec;
    spec.ip_version = version;
    spec.is_tcp = false;
    spec.payload = counting_bytes(24);
    Frame frame = build_frame(spec);
    frame.header = {};
    const std::size_t start = version == 4 ? 20 : 40;
    frame.bytes[version == 4 ? 9U : 6U] =
        std::byte{version == 4 ? std::uint8_t{1} : std::uint8_t{58}};
    set_u16(frame.bytes, start + 2, 0);
    const auto message = std::span{frame.bytes}.subspan(start);
    const std::uint32_t pseudo =
        version == 4 ? 0 : naive_pseudo_sum(frame.bytes, 0, 58, message.size());
    set_u16(message, 2, 0xffff - (naive_sum(message) + pseudo) % 0xffff);
    EXPECT_EQ(check(frame), TransportChecksum::kValid) << version;
    frame.bytes.back() ^= std::byte{1};
    EXPECT_EQ(check(frame), TransportChecksum::kWrong) << version;
  }
}

}  // namespace
}  // namespace tunrelay::test
