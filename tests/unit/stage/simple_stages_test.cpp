// SPDX-License-Identifier: MIT
// Stages that queue nothing: mtu, outage; and those that stand around others: the filter and the
// counters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/error.hpp"
#include "stage/metered.hpp"
#include "stage/mtu.hpp"
#include "stage/outage.hpp"
#include "stage/selective.hpp"
#include "support/accepted_packet.hpp"
#include "support/owned_packet.hpp"
#include "support/stage_record.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

OwnedPacket packet_of(const PacketSpec& spec, LinkType type = LinkType::kIp) {
  return accepted_packet(build_frame(spec), 0, {type, 65535});
}

PacketSpec super_spec(std::size_t payload_bytes, std::uint16_t segment_bytes) {
  PacketSpec spec;
  spec.payload = counting_bytes(payload_bytes);
  spec.gso_size = segment_bytes;
  return spec;
}

TEST(MtuTest, DropsEachSegmentThatIsTooLong) {
  Mtu mtu({.mtu_bytes = 1400});
  StageRecord record;
  // 1360 bytes of payload are 1400 of IP.
  record.give(mtu, packet_of(super_spec(3 * 1360, 1360)).packet, 0);
  EXPECT_EQ(record.runs, (std::vector<SegmentRun>{{0, 3}}));
  record.give(mtu, packet_of(super_spec(3 * 1361, 1361)).packet, 0);
  EXPECT_EQ(record.dropped.size(), 3U);
  // Only the short last one fits.
  record.give(mtu, packet_of(super_spec(2 * 1448 + 1360, 1448)).packet, 0);
  EXPECT_EQ(record.dropped.size(), 5U);
  EXPECT_EQ(record.runs.back(), (SegmentRun{2, 3}));
  EXPECT_EQ(record.references(), 0);
}

TEST(MtuTest, AnEthernetHeaderDoesNotCount) {
  Mtu mtu({.mtu_bytes = 140});
  StageRecord record;
  PacketSpec spec;
  spec.link_type = LinkType::kEthernet;
  spec.vlan_tags = {5};
  spec.payload = counting_bytes(100);
  record.give(mtu, packet_of(spec, LinkType::kEthernet).packet, 0);
  EXPECT_EQ(record.passed.size(), 1U);
  spec.payload = counting_bytes(101);
  record.give(mtu, packet_of(spec, LinkType::kEthernet).packet, 0);
  EXPECT_EQ(record.dropped.size(), 1U);
}

TEST(OutageTest, PeriodsAndSingleTimes) {
  Outage outage({.up_ns = 900, .down_ns = 100, .outages = {{450, 20}}}, 10'000);
  StageRecord record;
  const OwnedPacket owned = packet_of({});
  for (std::int64_t now_ns = 9'990; now_ns < 12'000; now_ns += 10)
    record.give(outage, owned.packet, now_ns);
  std::vector<std::int64_t> down;
  for (const SegmentFate& one : record.dropped) down.push_back(one.when_ns);
  std::vector<std::int64_t> expected{10'450, 10'460};
  for (std::int64_t at = 10'900; at < 11'000; at += 10) expected.push_back(at);
  for (std::int64_t at = 11'900; at < 12'000; at += 10) expected.push_back(at);
  EXPECT_EQ(down, expected);
}

TEST(PacketFilterTest, MatchesAsTcpdumpDoes) {
  const auto matches = [](const char* expression, const PacketSpec& spec) {
    PacketFilter filter(expression, spec.link_type);
    return filter.matches(packet_of(spec, spec.link_type).packet);
  };
  PacketSpec udp;
  udp.is_tcp = false;
  udp.destination_port = 53;
  udp.payload = counting_bytes(30);
  EXPECT_TRUE(matches("udp port 53", udp));
  EXPECT_FALSE(matches("udp port 54", udp));
  EXPECT_FALSE(matches("tcp", udp));
  udp.ip_version = 6;
  EXPECT_TRUE(matches("ip6 and udp dst port 53", udp));
  udp.link_type = LinkType::kEthernet;
  EXPECT_TRUE(matches("ip6 and udp dst port 53", udp));
}

TEST(PacketFilterTest, ASuperPacketIsMatchedAsItsFirstSegment) {
  const OwnedPacket owned = packet_of(super_spec(20'000, 1000));
  const auto matches = [&owned](const char* expression) {
    return PacketFilter(expression, LinkType::kIp).matches(owned.packet);
  };
  EXPECT_TRUE(matches("len == 1040"));
  EXPECT_TRUE(matches("ip[2:2] == 1040"));
  EXPECT_TRUE(matches("tcp[20] == 0 and tcp[21] == 1")) << "the payload is there";
  EXPECT_FALSE(matches("greater 1041"));
}

TEST(PacketFilterTest, IsNotSoLongThatItTakesLongToCompile) {
  std::string expression = "udp port 1";
  for (int port = 2; port < 500; ++port) expression += " or udp port " + std::to_string(port);
  const Error error = thrown_error([&] { return PacketFilter(expression, LinkType::kIp); });
  EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("it has over 2.0 KiB"));
}

TEST(PacketFilterTest, SaysWhatLibpcapSays) {
  try {
    const PacketFilter filter("udp prot 53", LinkType::kIp);
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'udp prot 53'"));
  }
}

/// Drops all that it gets.
class Sink final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sink"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) output.drop(packet, DropReason::kStage);
  }
};

TEST(SelectiveTest, OthersPassInOrderAndSoDoesTheProofOfPath) {
  const auto in_use = std::make_shared<std::atomic<bool>>(false);
  Selective stage(std::make_unique<Sink>(), in_use, PacketFilter("udp", LinkType::kIp));
  PacketSpec udp;
  udp.is_tcp = false;
  udp.payload = counting_bytes(10);
  PacketSpec probe = udp;
  const auto words = make_path_probe(77);
  probe.payload.assign(words.begin(), words.end());
  const std::vector<OwnedPacket> owned = [&] {
    std::vector<OwnedPacket> packets;
    for (const PacketSpec& spec : {udp, udp, PacketSpec{}, udp, probe, PacketSpec{}})
      packets.push_back(packet_of(spec));
    return packets;
  }();
  std::vector<Packet> packets;
  for (const OwnedPacket& one : owned) {
    packets.push_back(one.packet);
    packets.back().buffer = static_cast<BufferId>(packets.size() - 1);
  }
  const auto passed_buffers = [&] {
    StageRecord record;
    for (const Packet& packet : packets) record.own(packet);
    stage.process(packets, 0, record);
    std::vector<BufferId> buffers;
    for (const SegmentFate& one : record.passed) buffers.push_back(one.buffer);
    return buffers;
  };
  EXPECT_EQ(passed_buffers(), (std::vector<BufferId>{0, 1, 2, 3, 4, 5})) << "not yet in use";
  *in_use = true;
  EXPECT_EQ(passed_buffers(), (std::vector<BufferId>{2, 4, 5}));
}

TEST(MeteredTest, CountsWhatGoesInAndComesOut) {
  auto counters = std::make_shared<StageCounters>();
  Metered stage(std::make_unique<Mtu>(MtuConfig{.mtu_bytes = 1400}), counters);
  StageRecord record;
  OwnedPacket owned = packet_of(super_spec(2 * 1448 + 1360, 1448));
  owned.packet.arrival_ns = 1'000;
  record.give(stage, owned.packet, 3'000);
  const StageCounts counts = counters->snapshot();
  EXPECT_EQ(counts.taken, (Tally{1, 3, 4296}));
  EXPECT_EQ(counts.passed, (Tally{0, 1, 1360}));
  EXPECT_EQ(counts.dropped.of(DropReason::kTooBig), (Tally{1, 2, 2936}));
  EXPECT_EQ(counts.dropped.sum(), (Tally{1, 2, 2936}));
  EXPECT_EQ(counts.since_read_ns.count(), 1U);
  EXPECT_EQ(counts.since_read_ns.highest(), 2'000);
}

}  // namespace
}  // namespace tunrelay::test
