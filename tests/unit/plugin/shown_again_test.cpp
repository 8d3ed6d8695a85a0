// SPDX-License-Identifier: MIT
// What one endpoint has shown of a super-packet the other shows again, and never anything else.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "packet/wire_segment.hpp"
#include "scripted_endpoint.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

class ShownAgainTest : public UserEndpointTest {
 protected:
  ShownAgainTest() {
    from_device_ = &make(plugin::Access::kLooksAtWireSegments);
    other_ = std::make_unique<UserEndpoint>(*library_, EndpointPlace{.end = 1}, around_, counters_);
    from_link_ = Scripted::newest;
    other_->share_shown(*endpoint_);
    for (Scripted* user : {from_device_, from_link_})
      user->action = [this](Scripted& self, std::span<plugin::Frame> frames) {
        for (plugin::Frame& frame : frames) {
          (&self == from_device_ ? there_ : here_).push_back(frame.bytes().data());
          frame.pass();
        }
      };
  }

  void arrive(const Packet& packet) {
    record_.own(packet);
    other_->process(kToDevice, {&packet, 1}, 1'000, output_);
  }
  /// What the far endpoint was shown is what PACKET's run is on a wire.
  void expect_right(const Packet& packet) {
    ASSERT_EQ(from_link_->seen.size(), packet.run.count());
    for (std::uint16_t at = 0; at < packet.run.count(); ++at) {
      const auto number = static_cast<std::uint16_t>(packet.run.first + at);
      Bytes wire(wire_segment_bytes(packet, number));
      copy_wire_segment(packet, number, wire);
      EXPECT_EQ(from_link_->seen[at], wire) << number;
    }
    from_link_->seen.clear();
  }

  Scripted* from_device_ = nullptr;
  Scripted* from_link_ = nullptr;
  std::unique_ptr<UserEndpoint> other_;
  std::vector<const std::byte*> there_;  ///< where what the near user was shown stood
  std::vector<const std::byte*> here_;   ///< the same for the far one
};

TEST_F(ShownAgainTest, TheSameBytes) {
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  arrive(owned.packet);
  EXPECT_EQ(here_, there_);
  expect_right(owned.packet);
}

TEST_F(ShownAgainTest, WhatIsLeftOfARun) {
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  Packet rest = owned.packet;
  rest.run = {2, 6};
  arrive(rest);
  EXPECT_EQ(here_, std::vector(there_.begin() + 2, there_.end()));
  expect_right(rest);
}

TEST_F(ShownAgainTest, NotWhatBearsAMarkMeanwhile) {
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  Packet marked = owned.packet;
  marked.traffic_class.add({.mask = 3, .value = 3});
  arrive(marked);
  EXPECT_NE(here_, there_);
  expect_right(marked);
}

TEST_F(ShownAgainTest, NotAnotherPacketInTheSameMemory) {
  OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  owned.packet.id = 77;
  owned.packet.frame[owned.packet.layers.payload_offset] ^= std::byte{1};
  arrive(owned.packet);
  expect_right(owned.packet);
}

TEST_F(ShownAgainTest, NotWhatWasShownATurnAgo) {
  const OwnedPacket first = parsed(build_frame(super_packet_spec()));
  give(kToLink, first.packet);
  PacketSpec spec = super_packet_spec();
  spec.sequence = 99;
  OwnedPacket second = parsed(build_frame(spec));
  second.packet.id = 1;
  give(kToLink, second.packet);
  arrive(first.packet);
  expect_right(first.packet);
  arrive(second.packet);
  expect_right(second.packet);
}

TEST_F(ShownAgainTest, AnythingInAnyOrderIsRight) {
  SeededRandom random;
  for (std::size_t turn = 0; turn < scaled(100); ++turn) {
    std::vector<OwnedPacket> packets;
    const std::size_t count = random.between(1, 80);
    packets.reserve(count);
    while (packets.size() < count) {
      PacketSpec spec;
      spec.payload = counting_bytes(random.between(1, 20'000), random.between(0, 200));
      spec.gso_size = static_cast<std::uint16_t>(random.between(8, 1'400));
      if (spec.payload.size() <= spec.gso_size) spec.gso_size = 0;
      packets.push_back(parsed(build_frame(spec)));
      packets.back().packet.id = packets.size();
    }
    std::vector<Packet> batch;
    for (const OwnedPacket& owned : packets) record_.own(batch.emplace_back(owned.packet));
    endpoint_->process(kToLink, batch, 1'000, output_);
    for (std::size_t arrivals = random.between(1, 2 * count); arrivals != 0; --arrivals) {
      Packet packet = batch[random.between(0, count - 1)];
      packet.run.first = static_cast<std::uint16_t>(random.between(0, packet.run.last - 1U));
      packet.run.last =
          static_cast<std::uint16_t>(random.between(packet.run.first + 1U, packet.run.last));
      if (random.chance(0.1)) packet.traffic_class.add({.mask = 3, .value = 1});
      arrive(packet);
      expect_right(packet);
    }
  }
}

}  // namespace
}  // namespace tunrelay::test
