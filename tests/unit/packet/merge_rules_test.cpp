// SPDX-License-Identifier: MIT
// Which packets are kept apart: a header field that differs, IDs, checksums.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coalesce_fixture.hpp"
#include "packet/coalesce.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;

struct Difference {
  const char* name;
  void (*make)(PacketSpec& spec);
};

class CoalesceDifferenceTest : public ::testing::TestWithParam<Difference> {};

TEST_P(CoalesceDifferenceTest, KeepsPacketsApart) {
  for (const bool is_tcp : {true, false})
    for (const int version : {4, 6}) {
      const PacketSpec spec = is_tcp ? tcp_spec(version) : udp_spec(version);
      const auto changed = [](std::size_t number, PacketSpec& next) {
        if (number >= 3) GetParam().make(next);
      };
      const std::vector<Frame> frames = packets_of(spec, 6, changed);
      const std::vector<Frame> plain = packets_of(spec, 6);
      if (frames == plain) continue;  // the field is not one of this kind of packet
      const auto sizes = group_sizes(frames);
      ASSERT_GE(sizes.size(), 2U) << is_tcp << version;
      EXPECT_EQ(sizes[0], 3U) << is_tcp << version;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Fields, CoalesceDifferenceTest,
    ::testing::Values(
        Difference{"ttl", [](PacketSpec& spec) { spec.ttl = 63; }},
        Difference{"traffic_class", [](PacketSpec& spec) { spec.traffic_class = 1; }},
        Difference{"dont_fragment", [](PacketSpec& spec) { spec.dont_fragment = false; }},
        Difference{"flow_label", [](PacketSpec& spec) { spec.flow_label = 1; }},
        Difference{"ip_options", [](PacketSpec& spec) { spec.ip_options = Bytes(4); }},
        Difference{"extensions",
                   [](PacketSpec& spec) {
                     spec.extensions = {{60, Bytes(8)}};
                   }},
        Difference{"source", [](PacketSpec& spec) { spec.source_host = 9; }},
        Difference{"destination", [](PacketSpec& spec) { spec.destination_host = 9; }},
        Difference{"source_port", [](PacketSpec& spec) { spec.source_port = 9; }},
        Difference{"destination_port", [](PacketSpec& spec) { spec.destination_port = 9; }},
        Difference{"protocol", [](PacketSpec& spec) { spec.is_tcp = !spec.is_tcp; }},
        Difference{"acknowledgement", [](PacketSpec& spec) { spec.acknowledgement = 9; }},
        Difference{"window", [](PacketSpec& spec) { spec.window = 9; }},
        Difference{"urgent", [](PacketSpec& spec) { spec.urgent = 9; }},
        Difference{"tcp_option", [](PacketSpec& spec) { spec.tcp_options = Bytes(12); }},
        Difference{"tcp_options", [](PacketSpec& spec) { spec.tcp_options = Bytes(16); }},
        Difference{"sequence", [](PacketSpec& spec) { ++spec.sequence; }},
        Difference{"checksum_state",
                   [](PacketSpec& spec) { spec.checksum = ChecksumState::kComplete; }}),
    [](const auto& field) { return field.param.name; });

TEST(CoalesceTest, SequenceAndIdGoRoundZero) {
  PacketSpec spec = tcp_spec();
  spec.sequence = 0xfffff000;
  spec.id = 0xfffa;
  EXPECT_THAT(group_sizes(packets_of(spec, 20)), ElementsAre(20));
}

TEST(CoalesceTest, IdsThatStandStillNeedDontFragmentAndTheRule) {
  const auto with_id_0 = [](bool dont_fragment) {
    PacketSpec spec = udp_spec();
    spec.dont_fragment = dont_fragment;
    return packets_of(spec, 6, [](std::size_t, PacketSpec& next) { next.id = 0; });
  };
  EXPECT_THAT(group_sizes(with_id_0(true)), ElementsAre(6));
  EXPECT_THAT(group_sizes(with_id_0(false)), ElementsAre(1, 1, 1, 1, 1, 1));
  EXPECT_THAT(group_sizes(with_id_0(true), {.renumber_atomic = false}),
              ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST(CoalesceTest, OnlyWhatTheTargetTakesIsMerged) {
  for (const int ip_version : {4, 6}) {
    const std::vector<Frame> tcp = packets_of(tcp_spec(ip_version), 4);
    const std::vector<Frame> udp = packets_of(udp_spec(ip_version), 4);
    EXPECT_THAT(group_sizes(tcp, {.udp = false}), ElementsAre(4));
    EXPECT_THAT(group_sizes(udp, {.udp = false}), ElementsAre(1, 1, 1, 1));
    EXPECT_THAT(group_sizes(tcp, {.tcp = false}), ElementsAre(1, 1, 1, 1));
    EXPECT_THAT(group_sizes(udp, {.tcp = false}), ElementsAre(4));
  }
}

TEST(CoalesceTest, IdsEitherCountOrStand) {
  const auto sizes_of = [](const std::vector<std::uint16_t>& ids) {
    return group_sizes(
        packets_of(udp_spec(), ids.size(),
                   [&](std::size_t number, PacketSpec& next) { next.id = ids[number]; }));
  };
  EXPECT_THAT(sizes_of({5, 6, 7, 7, 7, 8, 20, 21}), ElementsAre(3, 2, 1, 2));
  EXPECT_THAT(sizes_of({5, 6, 5}), ElementsAre(2, 1));
  EXPECT_THAT(sizes_of({5, 5, 7}), ElementsAre(2, 1));
}

TEST(CoalesceTest, WrongChecksumsStandAlone) {
  for (const bool is_tcp : {true, false})
    for (const std::size_t wrong : {0U, 3U, 5U}) {
      PacketSpec spec = is_tcp ? tcp_spec() : udp_spec();
      spec.checksum = ChecksumState::kComplete;
      std::vector<Frame> frames = packets_of(spec, 6);
      frames[wrong].bytes.back() ^= std::byte{1};
      const auto sizes = group_sizes(frames);
      EXPECT_EQ(sizes.size(), wrong == 3 ? 3U : 2U);
      frames = packets_of(spec, 6);
      frames[wrong].bytes[11] ^= std::byte{1};
      EXPECT_EQ(group_sizes(frames).size(), wrong == 3 ? 3U : 2U) << "IP header";
    }
}

TEST(CoalesceTest, PendingSumsThatAreWrongInAnotherWayStandAlone) {
  std::vector<Frame> frames = packets_of(udp_spec(), 6);
  for (std::size_t at = 3; at < 6; ++at)
    set_u16(frames[at].bytes, 26, get_u16(frames[at].bytes, 26) ^ 1U);
  EXPECT_THAT(group_sizes(frames), ElementsAre(3, 3));
}

TEST(CoalesceTest, UdpWithoutAChecksumStandsAlone) {
  PacketSpec spec = udp_spec();
  spec.checksum = ChecksumState::kAbsent;
  EXPECT_THAT(group_sizes(packets_of(spec, 3)), ElementsAre(1, 1, 1));
}

/// 0 and 0xffff both hold, but only one of them comes out of a segmentation.
TEST(CoalesceTest, TcpChecksumsThatHaveTwoFormsStandAlone) {
  for (const std::uint32_t form : {0x0000U, 0xffffU}) {
    PacketSpec spec = tcp_spec();
    spec.checksum = ChecksumState::kComplete;
    std::vector<Frame> frames = packets_of(spec, 3);
    auto& bytes = frames[1].bytes;
    set_u16(bytes, 36, 0);
    set_u16(bytes, 60, 0);
    const std::uint32_t sum =
        naive_sum(std::span{bytes}.subspan(20)) + naive_pseudo_sum(bytes, 0, 6, bytes.size() - 20);
    set_u16(bytes, 60, 0xffff - sum % 0xffff);
    set_u16(bytes, 36, form);
    EXPECT_THAT(group_sizes(frames), ElementsAre(1, 1, 1));
  }
}

}  // namespace
}  // namespace tunrelay::test
