// SPDX-License-Identifier: MIT
// The virtio-net header against the frame behind it.
#include <gtest/gtest.h>

#include "packet/parse.hpp"
#include "parse_fixture.hpp"

namespace tunrelay::test {
namespace {

struct OffloadFault {
  const char* name;
  void (*make)(Frame& frame);
};

class ParseOffloadTest : public ::testing::TestWithParam<OffloadFault> {};

TEST_P(ParseOffloadTest, Refuses) {
  for (const bool is_tcp : {true, false})
    for (const int version : {4, 6}) {
      Frame frame = build_frame(super_packet(is_tcp, version));
      ASSERT_EQ(fault_of(frame), std::nullopt);
      GetParam().make(frame);
      EXPECT_EQ(fault_of(frame), DropReason::kBadOffload) << is_tcp << " " << version;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ParseOffloadTest,
    ::testing::Values(
        OffloadFault{"type_of_the_other_ip_version_or_protocol",
                     [](Frame& frame) {
                       const bool is_type_4 = frame.header.gso_type == 4;
                       frame.header.gso_type = is_type_4 ? 1 : 4;
                     }},
        OffloadFault{"ufo", [](Frame& frame) { frame.header.gso_type = 3; }},
        OffloadFault{"unknown_type", [](Frame& frame) { frame.header.gso_type |= 0x40; }},
        OffloadFault{"ecn_alone", [](Frame& frame) { frame.header.gso_type = 0x80; }},
        OffloadFault{"no_checksum_asked", [](Frame& frame) { frame.header.flags = 0; }},
        OffloadFault{"checksum_start", [](Frame& frame) { ++frame.header.checksum_start; }},
        OffloadFault{"checksum_offset", [](Frame& frame) { frame.header.checksum_offset = 8; }},
        OffloadFault{"segment_size_0", [](Frame& frame) { frame.header.gso_size = 0; }},
        OffloadFault{"segment_size_by_frags", [](Frame& frame) { frame.header.gso_size = 0xffff; }},
        OffloadFault{"bytes_behind_the_packet",
                     [](Frame& frame) { frame.bytes.push_back(std::byte{0}); }},
        OffloadFault{"too_many_segments",
                     [](Frame& frame) {
                       const bool is_tcp = frame.header.gso_type != 5;
                       frame.header.gso_size = is_tcp ? 7 : 10000 / 128;
                     }}),
    [](const auto& fault) { return fault.param.name; });

TEST(ParseTest, RefusesSuperPacketsThatAreFragments) {
  Frame frame = build_frame(super_packet());
  set_u16(frame.bytes, 6, 0x2000);
  EXPECT_EQ(fault_of(frame), DropReason::kBadOffload);
}

TEST(ParseTest, RefusesEcnBitsOnUdpAndAWrongUdpLength) {
  Frame frame = build_frame(super_packet(false));
  frame.header.gso_type |= VirtioNetHeader::kGsoEcn;
  EXPECT_EQ(fault_of(frame), DropReason::kBadOffload);
  frame = build_frame(super_packet(false));
  set_u16(frame.bytes, 24, 1408);
  EXPECT_EQ(fault_of(frame), DropReason::kBadOffload);
}

TEST(ParseTest, RefusesAChecksumFieldOutsideTheFrame) {
  Frame frame = build_frame({});
  const std::size_t end = frame.bytes.size();
  frame.header.checksum_start = 20;
  frame.header.checksum_offset = static_cast<std::uint16_t>(end - 22);
  EXPECT_EQ(fault_of(frame), std::nullopt);
  ++frame.header.checksum_offset;
  EXPECT_EQ(fault_of(frame), DropReason::kBadOffload);
  frame.header = {.flags = 1, .checksum_start = 0xffff, .checksum_offset = 0xffff};
  EXPECT_EQ(fault_of(frame), DropReason::kBadOffload);
  frame.header = {.flags = 1, .checksum_start = 19, .checksum_offset = 0};
  EXPECT_EQ(fault_of(frame), DropReason::kBadOffload);
}

TEST(ParseTest, PutsTheHeaderInOrder) {
  Frame frame = build_frame(super_packet());
  frame.header.flags |= 0xf8;
  frame.header.header_bytes = 12345;
  OwnedPacket super{frame, {}};
  ASSERT_EQ(super.fault, std::nullopt);
  EXPECT_EQ(super.packet.header.flags, VirtioNetHeader::kNeedsChecksum);
  EXPECT_EQ(super.packet.header.header_bytes, 40);
  EXPECT_EQ(super.packet.header.gso_size, 1400);

  PacketSpec spec;
  spec.checksum = ChecksumState::kComplete;
  Frame plain = build_frame(spec);
  plain.header = {.flags = 0xfa,
                  .gso_type = 0,
                  .header_bytes = 9,
                  .gso_size = 9,
                  .checksum_start = 9,
                  .checksum_offset = 9};
  OwnedPacket owned{plain, {}};
  ASSERT_EQ(owned.fault, std::nullopt);
  EXPECT_EQ(owned.packet.header, (VirtioNetHeader{.flags = VirtioNetHeader::kDataValid}));
}

TEST(ParseTest, MakesGsoOfOneSegmentAnOrdinaryPacket) {
  PacketSpec spec = super_packet();
  spec.payload = counting_bytes(1400);
  OwnedPacket owned{build_frame(spec), {}};
  ASSERT_EQ(owned.fault, std::nullopt);
  EXPECT_FALSE(owned.packet.header.is_gso());
  EXPECT_TRUE(owned.packet.header.needs_checksum());
  EXPECT_EQ(owned.packet.run, (SegmentRun{0, 1}));
}

}  // namespace
}  // namespace tunrelay::test
