// SPDX-License-Identifier: MIT
// A user's endpoint that takes what comes one way only.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "scripted_endpoint.hpp"

namespace tunrelay::test {
namespace {

/// Takes what the device sends, and leaves the rest to Endpoint.
struct OneWay : plugin::Endpoint {
  using Endpoint::Endpoint;
  void from_device(std::span<plugin::Frame> frames, std::int64_t /*now_ns*/) override {
    pass_all(frames);
  }
};

using OneWayTest = UserEndpointTest;

TEST_F(OneWayTest, WhatIsNotTakenIsPassedUnseenAndCountsTheSame) {
  const OwnedPacket super_packet = parsed(build_frame(super_packet_spec()));
  Packet part = super_packet.packet;
  part.run = {2, 5};
  const OwnedPacket single = parsed(build_frame({}));
  for (const auto access :
       {plugin::Access::kLooksAtSuperPackets, plugin::Access::kLooksAtWireHeaders,
        plugin::Access::kLooksAtWireSegments, plugin::Access::kChangesWireSegments}) {
    descriptor_ = plugin::describe<OneWay>("one way", access, plugin::Pairs::kEachQueue);
    ASSERT_EQ(descriptor_.from_link, nullptr);
    library_ = std::make_unique<StageLibrary>(StageRequest{"one way", {}, &descriptor_});
    EndpointCounters counters;
    endpoint_ = std::make_unique<UserEndpoint>(*library_, EndpointPlace{}, around_, counters);
    for (const Packet& packet : {super_packet.packet, part, single.packet}) {
      give(kToLink, packet);
      const std::vector<SegmentRun> shown = std::exchange(record_.runs, {});
      give(kToDevice, packet);
      EXPECT_EQ(std::exchange(record_.runs, {}), shown);
    }
    EndpointCounts sums;
    counters.add_to(sums);
    const auto& [shown, unseen] = sums.ways;
    EXPECT_EQ(unseen.taken, shown.taken);
    EXPECT_EQ(unseen.taken_bytes, shown.taken_bytes);
    EXPECT_EQ(unseen.passed, shown.passed);
    EXPECT_EQ(unseen.passed_bytes, shown.passed_bytes);
    EXPECT_GE(unseen.passed, 3U);
  }
}

}  // namespace
}  // namespace tunrelay::test
