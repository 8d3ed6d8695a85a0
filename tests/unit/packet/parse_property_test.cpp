// SPDX-License-Identifier: MIT
// parse() on random, damaged and meaningless frames: the same answer as the naive parser's.
#include <gtest/gtest.h>

#include <array>

#include "packet/parse.hpp"
#include "parse_fixture.hpp"
#include "support/naive_parser.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

/// The same verdict and the same layers as the naive parser's.
void expect_naive_reading(const Frame& frame, const LinkLimits& limits) {
  const auto expected = parse_naively(frame.bytes, frame.header, limits);
  const OwnedPacket owned{frame, limits};
  ASSERT_EQ(!owned.fault.has_value(), expected.has_value())
      << (owned.fault ? to_string(*owned.fault) : "passed");
  if (!expected) {
    ASSERT_EQ(owned.packet.run, SegmentRun{});
    return;
  }
  const Layers& layers = owned.packet.layers;
  ASSERT_EQ(layers.ether_type, expected->layers.ether_type);
  ASSERT_EQ(layers.ip_version, expected->layers.ip_version);
  ASSERT_EQ(layers.protocol, expected->layers.protocol);
  ASSERT_EQ(layers.ip_offset, expected->layers.ip_offset);
  ASSERT_EQ(layers.transport_offset, expected->layers.transport_offset);
  ASSERT_EQ(layers.payload_offset, expected->layers.payload_offset);
  ASSERT_EQ(layers.fragment_header_offset, expected->layers.fragment_header_offset);
  ASSERT_EQ(owned.packet.run.first, 0);
  ASSERT_EQ(owned.packet.run.last, expected->segments);
  ASSERT_EQ(owned.packet.segments(), expected->segments);
}

TEST(ParsePropertyTest, AcceptsEveryValidPacket) {
  SeededRandom random;
  for (std::size_t times = scaled(4000); times > 0; --times) {
    const PacketSpec spec = random_spec(random, random.chance(0.5));
    const Frame frame = build_frame(spec);
    const LinkLimits limits{spec.link_type, kAnyMtu};
    ASSERT_EQ(fault_of(frame, spec.link_type, kAnyMtu), std::nullopt);
    expect_naive_reading(frame, limits);
    if (HasFatalFailure()) return;
  }
}

TEST(ParsePropertyTest, ReadsDamagedPacketsAsTheNaiveParserDoes) {
  SeededRandom random;
  for (std::size_t times = scaled(60000); times > 0; --times) {
    PacketSpec spec = random_spec(random, random.chance(0.3));
    if (spec.payload.size() > 4000) spec.payload.resize(4000);
    Frame frame = build_frame(spec);
    damage(random, frame);
    const auto type = random.chance(0.9) ? spec.link_type : LinkType::kIp;
    expect_naive_reading(frame, {type, random.chance(0.5) ? kAnyMtu : 1500});
    if (HasFatalFailure()) return;
  }
}

TEST(ParsePropertyTest, ReadsChainsOfExtensionHeadersAsTheNaiveParserDoes) {
  SeededRandom random;
  for (std::size_t times = scaled(3000); times > 0; --times) {
    PacketSpec spec = random_spec(random, false);
    spec.ip_version = 6;
    spec.extensions.clear();
    for (std::size_t count = random.between(0, 19); count > 0; --count)
      spec.extensions.emplace_back(
          std::array{0, 43, 60, 44}[random.between(0, 3) * random.between(0, 1)],
          Bytes(8 * random.between(1, 3)));
    const Frame frame = build_frame(spec);
    expect_naive_reading(frame, {spec.link_type, kAnyMtu});
    if (HasFatalFailure()) return;
  }
}

TEST(ParsePropertyTest, ReadsNoiseAsTheNaiveParserDoes) {
  SeededRandom random;
  for (std::size_t times = scaled(60000); times > 0; --times) {
    Frame frame;
    frame.bytes = random.bytes(random.between(0, 120));
    if (!frame.bytes.empty() && random.chance(0.8))
      frame.bytes[0] = static_cast<std::byte>(random.chance(0.5) ? 0x45 : 0x60);
    frame.header = {.flags = static_cast<std::uint8_t>(random.between(0, 255)),
                    .gso_type = static_cast<std::uint8_t>(random.between(0, 5)),
                    .header_bytes = 0,
                    .gso_size = static_cast<std::uint16_t>(random.between(0, 100)),
                    .checksum_start = static_cast<std::uint16_t>(random.between(0, 130)),
                    .checksum_offset = static_cast<std::uint16_t>(random.between(0, 20))};
    expect_naive_reading(frame, {random.chance(0.5) ? LinkType::kIp : LinkType::kEthernet, 1500});
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace tunrelay::test
