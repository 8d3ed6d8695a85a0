// SPDX-License-Identifier: MIT
// TCP super-packets of one flow leave as one packet of more than 64 KiB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "coalesce_fixture.hpp"
#include "packet/coalesce.hpp"
#include "support/owned_packet.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;

constexpr MergeRules kBig{.big_tcp = true};
constexpr std::size_t kSegmentBytes = 1400;
constexpr std::size_t kSegments = 40;

PacketSpec super_spec(int ip_version) {
  PacketSpec spec = tcp_spec(ip_version);
  spec.gso_size = kSegmentBytes;
  spec.payload = counting_bytes(kSegments * kSegmentBytes);
  return spec;
}

/// COUNT super-packets in sequence; their IPv4 IDs count wire segments, as Linux does.
template <typename Change>
std::vector<Frame> supers_of(PacketSpec spec, std::size_t count, Change change) {
  std::vector<Frame> frames;
  for (std::size_t number = 0; number < count; ++number) {
    PacketSpec next = spec;
    change(number, next);
    frames.push_back(build_frame(next));
    spec.sequence = next.sequence + static_cast<std::uint32_t>(next.payload.size());
    const std::size_t segments = next.gso_size == 0 ? 1 : next.payload.size() / next.gso_size;
    spec.id = static_cast<std::uint16_t>(next.id + segments);
  }
  return frames;
}

std::vector<Frame> supers_of(const PacketSpec& spec, std::size_t count) {
  return supers_of(spec, count, [](std::size_t, PacketSpec&) {});
}

TEST(BigTcpTest, MergesSuperPacketsUpToItsLimit) {
  for (const LinkType link_type : {LinkType::kIp, LinkType::kEthernet})
    for (const int version : {4, 6}) {
      PacketSpec spec = super_spec(version);
      spec.link_type = link_type;
      // Nine are 504,000 bytes of payload, ten would be over 512 KiB.
      EXPECT_THAT(group_sizes(supers_of(spec, 20), kBig, link_type), ElementsAre(9, 9, 2));
    }
}

TEST(BigTcpTest, SuperPacketsStandAloneWithoutTheRule) {
  EXPECT_THAT(group_sizes(supers_of(super_spec(4), 3)), ElementsAre(1, 1, 1));
}

TEST(BigTcpTest, TheLengthsBeyond64KiBStandWhereTheKernelReadsThem) {
  for (const int version : {4, 6}) {
    const std::vector<Frame> frames = supers_of(super_spec(version), 2);
    std::vector<OwnedPacket> owned;
    for (const Frame& frame : frames) owned.emplace_back(frame, LinkLimits{});
    const std::array packets{owned[0].packet, owned[1].packet};
    Coalescer coalescer{kBig};
    coalescer.plan(packets);
    ASSERT_EQ(coalescer.groups().size(), 1U);
    HeaderSlot slot;
    std::array<iovec, kMaxMergedPieces> pieces;
    const std::size_t count = coalescer.build(coalescer.groups()[0], slot, pieces);
    const Frame built = gathered(std::span{pieces}.first(count));
    if (version == 4) {
      EXPECT_EQ(get_u16(built.bytes, 2), 0U);
      EXPECT_EQ(naive_sum(std::span{built.bytes}.first(20)), 0xffff);
      EXPECT_EQ(built.header.checksum_start, 20);
    } else {
      EXPECT_EQ(get_u16(built.bytes, 4), 0U);
      EXPECT_EQ(built.bytes[6], std::byte{IPPROTO_HOPOPTS});
      EXPECT_EQ(get_u32(built.bytes, 40), 0x0600c204U);
      EXPECT_EQ(get_u32(built.bytes, 44), 8 + 32 + 2 * kSegments * kSegmentBytes);
      EXPECT_EQ(built.header.checksum_start, 48);
    }
    EXPECT_EQ(built.header.gso_size, kSegmentBytes);
    EXPECT_EQ(built.header.header_bytes, built.header.checksum_start + 32);
  }
}

TEST(BigTcpTest, PshDoesNotEndAGroupOfSuperPackets) {
  EXPECT_THAT(group_sizes(supers_of(super_spec(4), 6,
                                    [](std::size_t number, PacketSpec& next) {
                                      if (number % 2 == 1) next.tcp_flags = 0x18;
                                    }),
                          kBig),
              ElementsAre(6));
}

TEST(BigTcpTest, AShortLastSegmentEndsItsGroup) {
  EXPECT_THAT(group_sizes(supers_of(super_spec(6), 6,
                                    [](std::size_t number, PacketSpec& next) {
                                      if (number == 2) next.payload.resize(3 * kSegmentBytes - 1);
                                    }),
                          kBig),
              ElementsAre(3, 3));
}

TEST(BigTcpTest, ASmallPacketIsTheLastOfSuperPackets) {
  EXPECT_THAT(group_sizes(supers_of(super_spec(4), 4,
                                    [](std::size_t number, PacketSpec& next) {
                                      if (number != 1) return;
                                      next.payload = counting_bytes(100);
                                      next.gso_size = 0;
                                    }),
                          kBig),
              ElementsAre(2, 2));
}

TEST(BigTcpTest, AnotherSegmentSizeBeginsAGroup) {
  EXPECT_THAT(group_sizes(supers_of(super_spec(4), 6,
                                    [](std::size_t number, PacketSpec& next) {
                                      if (number >= 3) next.gso_size = kSegmentBytes / 2;
                                    }),
                          kBig),
              ElementsAre(3, 3));
}

TEST(BigTcpTest, TwoFlowsInTurnsAreTwoPackets) {
  PacketSpec other = super_spec(4);
  other.source_port = 9;
  const std::vector<Frame> first = supers_of(super_spec(4), 4);
  const std::vector<Frame> second = supers_of(other, 4);
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < first.size(); ++at) {
    frames.push_back(first[at]);
    frames.push_back(second[at]);
  }
  EXPECT_THAT(group_sizes(frames, kBig), ElementsAre(4, 4));
}

TEST(BigTcpTest, PartOfASuperPacketIsNotMerged) {
  const std::vector<Frame> frames = supers_of(super_spec(4), 3);
  std::vector<OwnedPacket> owned;
  for (const Frame& frame : frames) owned.emplace_back(frame, LinkLimits{});
  owned[1].packet.run.last -= 1;
  const std::array packets{owned[0].packet, owned[1].packet, owned[2].packet};
  Coalescer coalescer{kBig};
  coalescer.plan(packets);
  EXPECT_EQ(coalescer.groups().size(), 3U);
}

}  // namespace
}  // namespace tunrelay::test
