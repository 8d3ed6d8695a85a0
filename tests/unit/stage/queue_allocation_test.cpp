// SPDX-License-Identifier: MIT
// No queue takes memory once it is made, whatever waits in it.
#include <gtest/gtest.h>

#include "stage/bottleneck.hpp"
#include "support/allocation_counter.hpp"
#include "support/counting_output.hpp"
#include "support/owned_packet.hpp"

namespace tunrelay::test {
namespace {

TEST(LinkQueueAllocation, NoKindTakesMemoryPerPacket) {
  std::vector<OwnedPacket> packets;
  for (std::uint16_t flow = 0; flow < 40; ++flow) {
    PacketSpec spec;
    spec.source_port = static_cast<std::uint16_t>(1000 + flow);
    spec.traffic_class = flow % 4;
    spec.payload = counting_bytes(std::size_t{1448} * (1 + flow % 8));
    if (flow % 8 != 0) spec.gso_size = 1448;
    packets.emplace_back(build_frame(spec), LinkLimits{});
    packets.back().packet.buffer = flow;
  }
  for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(QueueKind::kDualPi2); ++kind) {
    const QueueConfig config{.kind = static_cast<QueueKind>(kind), .ecn = true};
    Bottleneck stage(
        std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 100'000'000}}, 0, 0, 0),
        {.queue = config, .seed = 1});
    CountingOutput exit;
    const std::uint64_t taken = allocations_of([&] {
      for (std::int64_t now_ns = 1; now_ns < 2'000'000'000; now_ns += 400'000) {
        if (stage.next_deadline_ns() <= now_ns) stage.release(now_ns, exit);
        stage.process({&packets[static_cast<std::size_t>(now_ns / 400'000) % 40].packet, 1}, now_ns,
                      exit);
      }
    });
    EXPECT_EQ(taken, 0U) << "kind " << int{kind};
    EXPECT_GT(exit.passed_segments, 5'000U) << "kind " << int{kind};
    if (config.kind != QueueKind::kInfinite) {
      EXPECT_GT(exit.dropped_segments, 100U) << "kind " << int{kind};
    }
  }
}

TEST(LinkQueueAllocation, NoKindTakesMemoryToTakeOverFromAnother) {
  PacketSpec spec;
  spec.payload = counting_bytes(1000);
  const OwnedPacket owned(build_frame(spec), LinkLimits{});
  const auto stage_of = [](QueueKind kind, std::uint64_t limit) {
    return std::make_unique<Bottleneck>(
        std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 1'000'000}}, 0, 0, 0),
        Bottleneck::Settings{.queue = {.kind = kind, .limit = limit}, .seed = 1});
  };
  const std::array<QueueKind, 3> kinds{QueueKind::kDropTail, QueueKind::kFqCodel,
                                       QueueKind::kDualPi2};
  for (const QueueKind from : kinds)
    for (const QueueKind to : kinds)
      for (const std::uint64_t limit : {10U, 20'000U}) {
        const auto former = stage_of(from, 2000);
        const auto next = stage_of(to, limit);
        CountingOutput exit;
        for (int packet = 0; packet < 900; ++packet) former->process({&owned.packet, 1}, 1, exit);
        const Tally queued = former->queued();
        EXPECT_EQ(allocations_of([&] { next->take_over(*former, 2); }), 0U);
        EXPECT_EQ(next->queued(), queued);
      }
}

TEST(LinkQueueAllocation, NoKindTakesMemoryToTakeOver) {
  PacketSpec spec;
  spec.payload = counting_bytes(1000);
  const OwnedPacket owned(build_frame(spec), LinkLimits{});
  for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(QueueKind::kDualPi2); ++kind) {
    const auto stage_of = [kind](std::uint64_t limit, WireSize wire) {
      return std::make_unique<Bottleneck>(
          std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, 1'000'000}}, 0, 0, 0),
          Bottleneck::Settings{.queue = {.kind = static_cast<QueueKind>(kind), .limit = limit},
                               .wire = wire,
                               .seed = 1});
    };
    const auto small = stage_of(1000, {});
    const auto large = stage_of(20'000, {.overhead_bytes = 24});
    const auto last = stage_of(10, {});
    CountingOutput exit;
    for (int packet = 0; packet < 900; ++packet) small->process({&owned.packet, 1}, 1, exit);
    const std::uint64_t taken = allocations_of([&] {
      large->take_over(*small, 2);
      for (int packet = 0; packet < 900; ++packet) large->process({&owned.packet, 1}, 2, exit);
      last->take_over(*large, 3);
    });
    EXPECT_EQ(taken, 0U) << "kind " << int{kind};
    EXPECT_GT(last->queued().segments, 10U) << "kind " << int{kind};
  }
}

}  // namespace
}  // namespace tunrelay::test
