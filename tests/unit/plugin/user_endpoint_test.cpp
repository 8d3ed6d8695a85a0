// SPDX-License-Identifier: MIT
// A user's endpoint from both sides: which frames it is shown, and what becomes of what it says,
// with every buffer and every tally accounted for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/path_nonce.hpp"
#include "scripted_endpoint.hpp"
#include "support/naive_segmenter.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

TEST_F(UserEndpointTest, SuperPacketsAsTheyAre) {
  Scripted& user = make(plugin::Access::kLooksAtSuperPackets);
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  ASSERT_EQ(user.seen.size(), 1U);
  EXPECT_EQ(user.seen_segments.front(), 6U);
  EXPECT_EQ(user.seen.front().size(), owned.packet.frame_bytes);
  EXPECT_EQ(record_.runs, (std::vector<SegmentRun>{{0, 6}}));
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, WireSegmentsAreThoseOfTheNaiveSegmenter) {
  Scripted& user = make(plugin::Access::kLooksAtWireSegments);
  const Frame frame = build_frame(super_packet_spec());
  const OwnedPacket owned = parsed(frame);
  give(kToLink, owned.packet);
  std::vector<Bytes> expected;
  for (const Frame& segment : segment_naively(frame, LinkType::kIp))
    expected.push_back(completed(segment).bytes);
  EXPECT_EQ(user.seen, expected);
  // All were passed, so nothing was cut.
  EXPECT_EQ(record_.runs, (std::vector<SegmentRun>{{0, 6}}));
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, WireHeadersStandBesideTheirPayload) {
  Scripted& user = make(plugin::Access::kLooksAtWireHeaders);
  user.action = [](Scripted&, std::span<plugin::Frame> frames) {
    for (std::size_t at = 0; at < frames.size(); ++at) {
      EXPECT_TRUE(frames[at].checksum_pending());
      at == 2 ? frames[at].drop("third") : frames[at].pass();
    }
  };
  const Frame frame = build_frame(super_packet_spec());
  const OwnedPacket owned = parsed(frame);
  give(kToLink, owned.packet);
  std::vector<Bytes> expected;
  for (const Frame& segment : segment_naively(frame, LinkType::kIp))
    expected.push_back(segment.bytes);
  EXPECT_EQ(user.seen, expected);
  EXPECT_EQ(user.seen_payload_bytes, (std::vector<std::size_t>{1000, 1000, 1000, 1000, 1000, 300}));
  EXPECT_EQ(record_.runs, (std::vector<SegmentRun>{{0, 2}, {3, 6}}));
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, WhatIsDroppedCutsTheRun) {
  Scripted& user = make(plugin::Access::kLooksAtWireSegments);
  user.action = [](Scripted&, std::span<plugin::Frame> frames) {
    for (std::size_t at = 0; at < frames.size(); ++at)
      at == 2 ? frames[at].drop("third") : frames[at].pass();
  };
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToDevice, owned.packet);
  EXPECT_EQ(record_.runs, (std::vector<SegmentRun>{{0, 2}, {3, 6}}));
  EXPECT_EQ(counts().dropped, (std::map<std::string, std::uint64_t>{{"third", 1}}));
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, KeptSegmentsAreQueuedUntilTheyPass) {
  Scripted& user = make(plugin::Access::kLooksAtWireSegments);
  user.action = [](Scripted& self, std::span<plugin::Frame> frames) {
    if (frames.empty())
      for (plugin::Frame& frame : self.kept) frame.pass();
    for (plugin::Frame& frame : frames) self.kept.push_back(std::move(frame));
    self.deadline_ns = frames.empty() ? plugin::kNever : 5'000;
  };
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  EXPECT_TRUE(record_.passed.empty());
  EXPECT_EQ(endpoint_->queued(kToLink), tally_of(owned.packet));
  EXPECT_EQ(endpoint_->next_deadline_ns(kToLink), 5'000);
  EXPECT_EQ(endpoint_->next_deadline_ns(kToDevice), Stage::kNoDeadline);
  endpoint_->release(kToLink, 5'000, output_);
  EXPECT_EQ(record_.runs, (std::vector<SegmentRun>{{0, 6}}));
  EXPECT_EQ(endpoint_->next_deadline_ns(kToLink), Stage::kNoDeadline);
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, ChangedFramesAreOfItsOwnFormOnTheLinkAndCheckedBeforeTheDevice) {
  Scripted& user = make(plugin::Access::kChangesWireSegments);
  const Frame frame = build_frame(super_packet_spec());
  const OwnedPacket owned = parsed(frame);
  constexpr std::array kTag{std::byte{7}, std::byte{8}, std::byte{9}};
  user.action = [&](Scripted&, std::span<plugin::Frame> frames) {
    for (plugin::Frame& one : frames) {
      one.replace_start(0, kTag);
      one.pass();
    }
  };
  const std::vector<Packet>& on_link = output_.packets;
  give(kToLink, owned.packet);
  ASSERT_EQ(on_link.size(), 6U);
  EXPECT_EQ(on_link[0].layers.ip_version, 0);
  EXPECT_EQ(on_link[0].frame_bytes, user.seen[0].size() + kTag.size());
  expect_accounted(tally_of(owned.packet));
  // Back at the other end (this one serves as both), without the tag, but one with it.
  const std::vector<Bytes> sent = std::exchange(user.seen, {});
  user.action = [&](Scripted&, std::span<plugin::Frame> frames) {
    for (plugin::Frame& one : frames) {
      if (user.seen.size() != 6) one.replace_start(kTag.size(), {});
      one.pass();
    }
  };
  Tally given = tally_of(owned.packet);
  for (const Packet& packet : std::vector<Packet>(on_link)) {
    given += tally_of(packet);
    give(kToDevice, packet);
  }
  ASSERT_EQ(on_link.size(), 6U + 5U);
  for (std::size_t at = 0; at < 5; ++at) {
    EXPECT_EQ(on_link[6 + at].layers.protocol, 6);
    EXPECT_TRUE(std::ranges::equal(on_link[6 + at].bytes(), sent[at]));
  }
  EXPECT_EQ(counts().dropped, (std::map<std::string, std::uint64_t>{{"bad_version", 1}}));
  expect_accounted(given);
}

TEST_F(UserEndpointTest, WhatIsSaidForTheOtherDirectionWaitsForItsTurn) {
  Scripted& user = make(plugin::Access::kChangesWireSegments);
  const OwnedPacket owned = parsed(build_frame({}));
  user.action = [](Scripted& self, std::span<plugin::Frame> frames) {
    for (plugin::Frame& frame : frames) self.kept.push_back(std::move(frame));
  };
  give(kToLink, owned.packet);
  user.action = [&](Scripted& self, std::span<plugin::Frame> frames) {
    self.send_to_link(self.seen.front());
    self.kept.front().pass();
    frames.front().finish();
    EXPECT_TRUE(self.send_to_device(self.seen.front()));
    EXPECT_FALSE(self.send_to_device(counting_bytes(100))) << "no packet";
  };
  give(kToDevice, owned.packet);
  EXPECT_EQ(record_.passed.size(), 1U);
  EXPECT_LE(endpoint_->next_deadline_ns(kToLink), 0);
  endpoint_->release(kToLink, 2'000, output_);
  EXPECT_EQ(record_.passed.size(), 3U);
  EXPECT_EQ(counts().ways[0].sent, 1U);
  EXPECT_EQ(counts().ways[1].refused, 1U);
  const Tally one = tally_of(owned.packet);
  expect_accounted(one + one);
}

TEST_F(UserEndpointTest, AnExceptionDropsWhatWasNotAnswered) {
  Scripted& user = make(plugin::Access::kLooksAtWireSegments);
  const OwnedPacket owned = parsed(build_frame({}));
  user.action = [](Scripted&, std::span<plugin::Frame>) { throw std::runtime_error("my bug"); };
  give(kToLink, owned.packet);
  EXPECT_EQ(counts().dropped, (std::map<std::string, std::uint64_t>{{"my bug", 1}}));
  expect_accounted(tally_of(owned.packet));
}

/// In C, without the safety of plugin::Frame: answers twice, and for what it was never given.
tunrelay_stage_descriptor careless_stage() {
  tunrelay_stage_descriptor stage = plugin::describe<Scripted>(
      "careless", plugin::Access::kLooksAtSuperPackets, plugin::Pairs::kEachQueue);
  stage.create = [](const tunrelay_host* host, const tunrelay_site*, const tunrelay_option*,
                    std::size_t, char*,
                    std::size_t) -> void* { return const_cast<tunrelay_host*>(host); };
  stage.destroy = [](void*) {};
  stage.from_device = [](void* self, tunrelay_frame* const* frames, std::size_t, std::int64_t) {
    const auto& host = *static_cast<const tunrelay_host*>(self);
    host.pass(host.context, frames[0]);
    host.pass(host.context, frames[0]);
    tunrelay_frame foreign{};
    host.drop(host.context, &foreign, "never given");
    host.finish(host.context, nullptr);
    host.send(host.context, 7, frames[0]->bytes, 1);
  };
  stage.next_deadline_ns = [](void*) { return TUNRELAY_NEVER; };
  return stage;
}

TEST_F(UserEndpointTest, CallsThatMakeNoSenseAreCountedAndLeftAlone) {
  descriptor_ = careless_stage();
  library_ = std::make_unique<StageLibrary>(StageRequest{"careless", {}, &descriptor_});
  endpoint_ = std::make_unique<UserEndpoint>(*library_, EndpointPlace{}, around_, counters_);
  const OwnedPacket owned = parsed(build_frame({}));
  give(kToLink, owned.packet);
  EXPECT_EQ(record_.passed.size(), 1U);
  EXPECT_EQ(counts().misuses, 4U);
  EXPECT_TRUE(counts().dropped.empty());
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, PathProbesAndWhatCameBeforePassBy) {
  Scripted& user = make(plugin::Access::kChangesWireSegments);
  around_.begun_ns = 500;
  PacketSpec spec;
  OwnedPacket early = parsed(build_frame(spec));
  early.packet.arrival_ns = 499;
  spec.is_tcp = false;
  const auto probe = make_path_probe(42);
  spec.payload.assign(probe.begin(), probe.end());
  OwnedPacket probing = parsed(build_frame(spec));
  probing.packet.arrival_ns = 1'000;
  give(kToLink, early.packet);
  give(kToLink, probing.packet);
  EXPECT_EQ(record_.passed.size(), 2U);
  EXPECT_TRUE(user.seen.empty());
}

TEST_F(UserEndpointTest, WithoutMemoryItDrops) {
  make(plugin::Access::kChangesWireSegments);
  record_.spaces_left = 2;
  const OwnedPacket owned = parsed(build_frame(super_packet_spec()));
  give(kToLink, owned.packet);
  EXPECT_EQ(record_.passed.size(), 2U);
  EXPECT_EQ(record_.dropped.size(), 4U);
  expect_accounted(tally_of(owned.packet));
}

TEST_F(UserEndpointTest, AnotherThreadWakesItOnceUntilItsTurn) {
  Scripted& user = make(plugin::Access::kLooksAtWireSegments);
  std::vector<std::size_t> woken;
  int turns = 0;
  user.action = [&turns](Scripted&, std::span<plugin::Frame>) { ++turns; };
  std::thread([&user] { user.wake(); }).join();
  EXPECT_EQ(endpoint_->next_deadline_ns(kToLink), 0) << "also while it has no worker";
  endpoint_->release(kToLink, 5, output_);
  EXPECT_EQ(turns, 1);
  EXPECT_EQ(endpoint_->next_deadline_ns(kToLink), Stage::kNoDeadline);
  around_.waker.change([&woken](std::size_t queue) { woken.push_back(queue); });
  for (int times = 0; times < 3; ++times) user.wake();
  EXPECT_EQ(woken, std::vector<std::size_t>{0}) << "one signal is enough";
  endpoint_->release(kToLink, 6, output_);
  endpoint_->release(kToLink, 7, output_);
  EXPECT_EQ(turns, 2);
}

TEST_F(UserEndpointTest, AProgramsOwnStageFindsItsContext) {
  descriptor_ = plugin::describe<Scripted>("scripted", plugin::Access::kLooksAtSuperPackets,
                                           plugin::Pairs::kEachQueue);
  const StageLibrary library(StageRequest{"built in", {}, &descriptor_, this});
  endpoint_ = std::make_unique<UserEndpoint>(library, EndpointPlace{}, around_, counters_);
  EXPECT_EQ(Scripted::newest->site().context, this);
}

TEST_F(UserEndpointTest, TheConstructorsMessageReachesTheUser) {
  descriptor_ = plugin::describe<Scripted>("scripted", plugin::Access::kLooksAtSuperPackets,
                                           plugin::Pairs::kEachQueue);
  const auto message_for = [&](StageRequest request) {
    request.built_in = &descriptor_;
    const StageLibrary library(std::move(request));
    return thrown_error([&] {
             return std::make_unique<UserEndpoint>(library, EndpointPlace{}, around_, counters_);
           })
        .parts()
        .cause;
  };
  EXPECT_EQ(message_for({"mine", {{"fault", "yes"}}}), "fault=yes: as you wish");
  EXPECT_EQ(message_for({"mine", {{"speed", "3"}}}),
            "speed=3: there is no such key; there are: fault");
}

}  // namespace
}  // namespace tunrelay::test
