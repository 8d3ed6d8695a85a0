// SPDX-License-Identifier: MIT
// How batches are divided into groups, how groups are built, and the order they keep.
#include "packet/coalesce.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coalesce_fixture.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;

TEST(CoalesceTest, MergesARowOfEveryKind) {
  for (const LinkType link_type : {LinkType::kIp, LinkType::kEthernet})
    for (const int version : {4, 6})
      for (const bool is_tcp : {true, false})
        for (const ChecksumState checksum : {ChecksumState::kPending, ChecksumState::kComplete}) {
          PacketSpec spec = is_tcp ? tcp_spec(version) : udp_spec(version);
          spec.link_type = link_type;
          spec.checksum = checksum;
          spec.vlan_tags = {3};
          EXPECT_THAT(group_sizes(packets_of(spec, 20), {}, link_type), ElementsAre(20));
        }
}

TEST(CoalesceTest, PayloadIsWrittenFromWhereItWasRead) {
  const std::vector<Frame> frames = packets_of(udp_spec(), 3);
  std::vector<OwnedPacket> owned;
  for (const Frame& frame : frames) owned.emplace_back(frame, LinkLimits{});
  const std::array packets{owned[0].packet, owned[1].packet, owned[2].packet};
  Coalescer coalescer;
  coalescer.plan(packets);
  ASSERT_EQ(coalescer.groups().size(), 1U);
  EXPECT_EQ(coalescer.groups()[0].payload_bytes, 3000U);
  HeaderSlot slot;
  std::array<iovec, kMaxMergedPieces> pieces;
  ASSERT_EQ(coalescer.build(coalescer.groups()[0], slot, pieces), 4U);
  for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(pieces[at + 1].iov_base, packets[at].frame + 28);
}

TEST(CoalesceTest, AnEmptyBatchHasNoGroups) {
  EXPECT_TRUE(group_sizes({}).empty());
}

TEST(CoalesceTest, AShorterPacketIsTheLastOfItsGroup) {
  for (const PacketSpec& spec : {tcp_spec(), udp_spec()})
    EXPECT_THAT(group_sizes(packets_of(spec, 6,
                                       [](std::size_t number, PacketSpec& next) {
                                         if (number == 3) next.payload.resize(999);
                                       })),
                ElementsAre(4, 2));
}

TEST(CoalesceTest, ALongerPacketBeginsAGroup) {
  for (const PacketSpec& spec : {tcp_spec(), udp_spec()})
    EXPECT_THAT(group_sizes(packets_of(spec, 6,
                                       [](std::size_t number, PacketSpec& next) {
                                         if (number >= 3) next.payload = counting_bytes(1001);
                                       })),
                ElementsAre(3, 3));
}

TEST(CoalesceTest, PshEndsAGroup) {
  EXPECT_THAT(group_sizes(packets_of(tcp_spec(), 6,
                                     [](std::size_t number, PacketSpec& next) {
                                       if (number == 2 || number == 3) next.tcp_flags = 0x18;
                                     })),
              ElementsAre(3, 1, 2));
}

TEST(CoalesceTest, OtherFlagsStandAlone) {
  for (const int flags : {0x00, 0x02, 0x11, 0x12, 0x14, 0x30, 0x50, 0x90})
    EXPECT_THAT(group_sizes(packets_of(tcp_spec(), 5,
                                       [&](std::size_t number, PacketSpec& next) {
                                         if (number == 2)
                                           next.tcp_flags = static_cast<std::uint8_t>(flags);
                                       })),
                ElementsAre(2, 1, 2))
        << flags;
}

TEST(CoalesceTest, ReservedTcpBitsStandAlone) {
  std::vector<Frame> frames = packets_of(tcp_spec(), 5);
  frames[2].bytes[32] |= std::byte{1};
  EXPECT_THAT(group_sizes(frames), ElementsAre(2, 1, 2));
}

TEST(CoalesceTest, LinkHeadersMustBeTheSame) {
  PacketSpec spec = udp_spec();
  spec.link_type = LinkType::kEthernet;
  std::vector<Frame> frames = packets_of(spec, 6);
  for (std::size_t at = 3; at < 6; ++at) frames[at].bytes[0] = std::byte{4};
  EXPECT_THAT(group_sizes(frames, {}, LinkType::kEthernet), ElementsAre(3, 3));
}

TEST(CoalesceTest, InterleavedFlowsAreMergedEach) {
  PacketSpec other = udp_spec();
  other.source_port = 1;
  const std::vector<Frame> one = packets_of(tcp_spec(), 8);
  const std::vector<Frame> two = packets_of(other, 8);
  const std::vector<Frame> three = packets_of(tcp_spec(6), 8);
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < 8; ++at) {
    frames.push_back(one[at]);
    frames.push_back(two[at]);
    frames.push_back(three[at]);
  }
  EXPECT_THAT(group_sizes(frames), ElementsAre(8, 8, 8));
}

TEST(CoalesceTest, NothingIsMergedAcrossAPacketOfTheFlow) {
  for (const std::size_t payload_bytes : {0U, 5000U}) {  // an acknowledgement, a super-packet
    std::vector<Frame> frames =
        packets_of(tcp_spec(), 6, [&](std::size_t number, PacketSpec& next) {
          if (number != 3) return;
          next.payload = counting_bytes(payload_bytes);
          next.gso_size = payload_bytes == 0 ? 0 : 1000;
        });
    EXPECT_THAT(group_sizes(frames), ElementsAre(3, 1, 2));
  }
}

TEST(CoalesceTest, NothingIsMergedAcrossAFragment) {
  std::vector<Frame> frames = packets_of(udp_spec(), 6);
  set_u16(frames[3].bytes, 6, 0x2000);
  EXPECT_THAT(group_sizes(frames), ElementsAre(3, 1, 2));
}

TEST(CoalesceTest, AnotherProtocolDoesNotDisturb) {
  std::vector<Frame> frames = packets_of(udp_spec(), 6);
  frames[3].bytes[9] = std::byte{1};
  frames[3].header = {};
  for (std::size_t at = 4; at < 6; ++at)
    set_u16(frames[at].bytes, 4, get_u16(frames[at].bytes, 4) - 1U);
  for (std::size_t at = 4; at < 6; ++at) {
    set_u16(frames[at].bytes, 10, 0);
    set_u16(frames[at].bytes, 10, 0xffffU - naive_sum(std::span{frames[at].bytes}.first(20)));
  }
  EXPECT_THAT(group_sizes(frames), ElementsAre(5, 1));
}

TEST(CoalesceTest, EthernetPaddingStandsAlone) {
  PacketSpec spec = udp_spec();
  spec.link_type = LinkType::kEthernet;
  spec.payload = counting_bytes(4);
  std::vector<Frame> frames = packets_of(spec, 3);
  for (Frame& frame : frames) frame.bytes.resize(60);
  EXPECT_THAT(group_sizes(frames, {}, LinkType::kEthernet), ElementsAre(1, 1, 1));
}

TEST(CoalesceTest, KeepsTheLimits) {
  PacketSpec small = udp_spec();
  small.payload = counting_bytes(1);
  EXPECT_THAT(group_sizes(packets_of(small, 128)), ElementsAre(64, 64));
  PacketSpec tcp = tcp_spec();
  tcp.payload = counting_bytes(8);
  EXPECT_THAT(group_sizes(packets_of(tcp, 128)), ElementsAre(128));
  for (const int version : {4, 6}) {
    PacketSpec large = tcp_spec(version);
    large.payload = counting_bytes(1448);
    EXPECT_THAT(group_sizes(packets_of(large, 50)), ElementsAre(45, 5));
    // Two packets that make 65,535 bytes to the last one, and one byte more.
    const std::size_t header_bytes = version == 4 ? 52 : 72;
    for (const std::size_t excess : {0U, 1U}) {
      const auto sizes =
          group_sizes(packets_of(large, 2, [&](std::size_t number, PacketSpec& next) {
            next.payload = counting_bytes(number == 0 ? 40000 : 25535 - header_bytes + excess);
          }));
      EXPECT_EQ(sizes.size(), 1 + excess);
    }
  }
}

TEST(CoalesceTest, TcpSegmentsAreNotTooSmall) {
  PacketSpec spec = tcp_spec();
  spec.payload = counting_bytes(7);
  EXPECT_THAT(group_sizes(packets_of(spec, 3)), ElementsAre(1, 1, 1));
}

TEST(CoalesceTest, RunsOfASuperPacketAreWrittenAsRuns) {
  PacketSpec spec = tcp_spec();
  spec.payload = counting_bytes(10000);
  spec.gso_size = 1000;
  const Frame frame = build_frame(spec);
  OwnedPacket owned{frame, {}};
  std::array packets{owned.packet, owned.packet};
  packets[0].run = {0, 4};
  packets[1].run = {5, 10};
  Coalescer coalescer;
  coalescer.plan(packets);
  ASSERT_EQ(coalescer.groups().size(), 2U);
  HeaderSlot slot;
  std::array<iovec, kMaxMergedPieces> pieces;
  const std::size_t count = coalescer.build(coalescer.groups()[1], slot, pieces);
  const std::vector<Frame> segments = segment_naively(frame, LinkType::kIp);
  EXPECT_EQ(segment_naively(gathered(std::span{pieces}.first(count)), LinkType::kIp),
            std::vector<Frame>(segments.begin() + 5, segments.end()));
}

/// As many flows as packets, and hashes that meet: nothing is lost or mixed up.
TEST(CoalesceTest, EveryPacketMayBeOfAnotherFlow) {
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < kMaxBatch; ++at) {
    PacketSpec spec = at % 2 == 0 ? udp_spec() : udp_spec(6);
    spec.payload = counting_bytes(20);
    spec.source_port = static_cast<std::uint16_t>(at);
    frames.push_back(build_frame(spec));
  }
  EXPECT_EQ(group_sizes(frames).size(), kMaxBatch);
}

/// Flows of 65,536 turns ago are not taken for flows of this batch.
TEST(CoalesceTest, TheCountOfTurnsGoesRound) {
  std::vector<OwnedPacket> owned;
  std::vector<Packet> packets;
  for (std::size_t at = 0; at < kMaxBatch; ++at) {
    PacketSpec spec = udp_spec();
    spec.source_port = static_cast<std::uint16_t>(at);
    owned.emplace_back(build_frame(spec), LinkLimits{});
    packets.push_back(owned.back().packet);
  }
  Coalescer coalescer;
  coalescer.plan(packets);
  for (int turn = 1; turn < 65536; ++turn) coalescer.plan({});
  // The last flow once more, and its old packet still stands where the old entry says.
  packets.front() = packets.back();
  coalescer.plan(std::span{packets}.first(2));
  ASSERT_EQ(coalescer.groups().size(), 2U);
  for (const MergeGroup& group : coalescer.groups()) EXPECT_EQ(group.count, 1U);
}

}  // namespace
}  // namespace tunrelay::test
