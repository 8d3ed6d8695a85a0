// SPDX-License-Identifier: MIT
// The bytes of pcapng blocks, against the draft's figures and by a plain reader.
#include "capture/pcapng.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/naive_pcapng.hpp"

namespace tunrelay {
namespace {

std::string text_of(const PcapngBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

PcapngBytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

PcapngBytes sample_header() {
  PcapngBytes out;
  append_block(out, PcapngSection{.application = "tunrelay 1", .operating_system = "Linux 6"});
  append_block(out, PcapngInterface{.name = "tun0",
                                    .description = "device a",
                                    .link_type = LinkType::kIp,
                                    .snap_bytes = 96,
                                    .filter = "udp port 53"});
  append_block(out, PcapngInterface{.name = "tap0",
                                    .description = {},
                                    .link_type = LinkType::kEthernet,
                                    .snap_bytes = 0,
                                    .filter = {}});
  return out;
}

TEST(Pcapng, TheShortestPacketBlockIsAsTheDraftDrawsIt) {
  PcapngBytes out;
  const PcapngBytes data = bytes_of("abcde");
  append_block(out, PcapngPacket{.interface = 1,
                                 .time_ns = 0x0102030405060708,
                                 .bytes = data,
                                 .original_bytes = 9,
                                 .flags = PcapngFlags::kInbound,
                                 .id = 7,
                                 .queue = 3,
                                 .dropped_before = 0,
                                 .comment = {}});
  const std::string expected(
      "\x06\0\0\0"
      "\x48\0\0\0"
      "\x01\0\0\0"
      "\x04\x03\x02\x01"
      "\x08\x07\x06\x05"
      "\x05\0\0\0"
      "\x09\0\0\0"
      "abcde\0\0\0"
      "\x02\0\x04\0"
      "\x01\0\0\0"  // epb_flags
      "\x05\0\x08\0"
      "\x07\0\0\0\0\0\0\0"  // epb_packetid
      "\x06\0\x04\0"
      "\x03\0\0\0"  // epb_queue
      "\0\0\0\0"
      "\x48\0\0\0",
      72);
  EXPECT_EQ(text_of(out), expected);
}

TEST(Pcapng, AHeaderNamesUsAndTheInterfaces) {
  const auto blocks = test::read_pcapng(text_of(sample_header()));
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].field<std::uint16_t>(4), 1);  // version 1.0
  EXPECT_EQ(blocks[0].field<std::uint16_t>(6), 0);
  EXPECT_EQ(blocks[0].field<std::uint64_t>(8), UINT64_MAX);
  EXPECT_EQ(blocks[0].options.at(3), "Linux 6");
  EXPECT_EQ(blocks[0].options.at(4), "tunrelay 1");
  EXPECT_EQ(blocks[1].field<std::uint16_t>(0), 101);  // LINKTYPE_RAW
  EXPECT_EQ(blocks[1].field<std::uint32_t>(4), 96U);
  EXPECT_EQ(blocks[1].options.at(2), "tun0");
  EXPECT_EQ(blocks[1].options.at(3), "device a");
  EXPECT_EQ(blocks[1].options.at(9), "\x09");
  EXPECT_EQ(blocks[1].options.at(11), std::string("\0udp port 53", 12));
  EXPECT_EQ(blocks[2].field<std::uint16_t>(0), 1);  // LINKTYPE_ETHERNET
  EXPECT_EQ(blocks[2].options.count(3), 0U);
  EXPECT_EQ(blocks[2].options.count(11), 0U);
}

TEST(Pcapng, PacketsOfEveryLengthReadAsTheyWere) {
  const std::string whole(97, 'x');
  for (std::size_t length = 0; length < whole.size(); ++length) {
    PcapngBytes out = sample_header();
    const PcapngBytes data = bytes_of(whole.substr(0, length));
    const std::string comment(length % 7, 'c');
    const std::size_t before = out.size();
    append_block(out, PcapngPacket{.interface = 0,
                                   .time_ns = 1'700'000'000'123'456'789,
                                   .bytes = data,
                                   .original_bytes = 1500,
                                   .flags = PcapngFlags::kOutbound,
                                   .id = UINT64_MAX - length,
                                   .queue = 255,
                                   .dropped_before = length,
                                   .comment = comment});
    EXPECT_LE(out.size() - before, length + comment.size() + kPcapngPacketOverhead);
    const auto packet = test::read_pcapng(text_of(out)).back();
    EXPECT_EQ(packet.data, whole.substr(0, length));
    EXPECT_EQ(packet.halves(4), 1'700'000'000'123'456'789U);
    EXPECT_EQ(packet.field<std::uint32_t>(16), 1500U);
    EXPECT_EQ(packet.option<std::uint32_t>(2), 2U);
    EXPECT_EQ(packet.option<std::uint64_t>(5), UINT64_MAX - length);
    EXPECT_EQ(packet.option<std::uint32_t>(6), 255U);
    EXPECT_EQ(packet.options.count(4), length == 0 ? 0U : 1U);
    if (length != 0) {
      EXPECT_EQ(packet.option<std::uint64_t>(4), length);
    }
    EXPECT_EQ(packet.options.count(1), comment.empty() ? 0U : 1U);
    if (!comment.empty()) {
      EXPECT_EQ(packet.options.at(1), comment);
    }
  }
}

TEST(Pcapng, StatisticsHaveTheirPlaces) {
  PcapngBytes out = sample_header();
  const std::size_t before = out.size();
  append_block(out, PcapngStatistics{.interface = 1,
                                     .time_ns = 3'000'000'000'000,
                                     .begin_ns = 2,
                                     .received = 10,
                                     .accepted = 9,
                                     .dropped = 4,
                                     .delivered = 5});
  EXPECT_EQ(out.size() - before, kPcapngStatisticsBytes);
  const auto block = test::read_pcapng(text_of(out)).back();
  EXPECT_EQ(block.field<std::uint32_t>(0), 1U);
  EXPECT_EQ(block.halves(4), 3'000'000'000'000U);
  EXPECT_EQ(block.options.at(2), std::string("\0\0\0\0\2\0\0\0", 8));
  EXPECT_EQ(block.option<std::uint64_t>(4), 10U);
  EXPECT_EQ(block.option<std::uint64_t>(5), 4U);
  EXPECT_EQ(block.option<std::uint64_t>(6), 9U);
  EXPECT_EQ(block.option<std::uint64_t>(8), 5U);
}

TEST(Pcapng, ACutKeepsWholeBlocksAndCountsTheRest) {
  PcapngBytes out = sample_header();
  const std::size_t header = out.size();
  const PcapngBytes data = bytes_of("data");
  for (std::uint32_t interface : {0U, 1U, 1U})
    append_block(out, PcapngPacket{.interface = interface,
                                   .time_ns = 0,
                                   .bytes = data,
                                   .original_bytes = 4,
                                   .flags = 0,
                                   .id = 0,
                                   .queue = 0,
                                   .dropped_before = 0,
                                   .comment = {}});
  const std::size_t packet = (out.size() - header) / 3;
  for (std::size_t most = 0; most <= out.size(); ++most) {
    const PcapngCut cut = cut_blocks(out, most);
    EXPECT_LE(cut.kept_bytes, most);
    const std::size_t kept = cut.kept_bytes < header ? 0 : (cut.kept_bytes - header) / packet;
    EXPECT_EQ(cut.packets_lost[0] + cut.packets_lost[1], 3 - kept);
    if (most >= header) {
      EXPECT_GT(cut.kept_bytes + packet, most);
    }
    EXPECT_NO_THROW((void)test::read_pcapng(
        text_of({out.begin(), out.begin() + static_cast<std::ptrdiff_t>(cut.kept_bytes)})));
  }
  EXPECT_EQ(cut_blocks(out, header + packet).packets_lost, (std::array<std::uint64_t, 2>{0, 2}));
}

}  // namespace
}  // namespace tunrelay
