// SPDX-License-Identifier: MIT
// Stages that queue, copy and change packets, inside a running relay.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "relay/relay.hpp"
#include "stage/own_frame.hpp"
#include "support/skip.hpp"
#include "support/socket_device.hpp"

namespace tunrelay {
namespace {

using test::SocketDevice;
using test::udp_frame;

/// Queues all packets for ever.
class QueueAll final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "queue all"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& /*output*/) noexcept override {
    for (const Packet& packet : packets) queued_ += tally_of(packet);
  }
  [[nodiscard]] Tally queued() const noexcept override { return queued_; }

 private:
  Tally queued_;
};

/// Passes every packet, and a copy of it.
class Twice final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "twice"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      output.copy(packet);
      output.pass(packet);
      output.pass(packet);
    }
  }
};

/// Writes an X over the last byte of every packet.
class CrossOut final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "cross out"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (Packet packet : packets) {
      if (!make_own_frame(packet, output)) {
        output.drop(packet, DropReason::kQueueMemoryFull);
        continue;
      }
      packet.frame[packet.frame_bytes - 1] = std::byte{'X'};
      output.pass(packet);
    }
  }
};

template <typename OneStage>
StageSpec spec_of(StageScope scope) {
  return {scope, [](std::size_t) { return std::make_unique<OneStage>(); }};
}

std::uint64_t packets_dropped(const LaneCounts& counts, DropReason reason) {
  return counts.dropped.at(static_cast<std::size_t>(reason)).packets;
}

class QueuedPacketsTest : public ::testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    if (GetParam() == EngineKind::kUring && !probe_uring().available)
      return test::skip_or_fail(std::string(probe_uring().reason));
  }
};

TEST_P(QueuedPacketsTest, ReadingGoesOnWhenTheQueueMemoryIsFull) {
  constexpr std::uint64_t kPackets = 8'000;
  constexpr std::uint64_t kQueuePages = 100;
  constexpr std::uint64_t kMaxQueued = kQueuePages * 4096 / 64;  // what is queued is longer
  const SocketDevice a(1);
  const SocketDevice b(1);
  RelayConfig config = test::socket_relay(a, b, GetParam());
  config.queue_memory_bytes = kQueuePages * 4096;
  config.stages[0].push_back(spec_of<QueueAll>(StageScope::kLane));
  Relay relay(config);
  relay.start();
  for (std::uint64_t packet = 0; packet < kPackets; ++packet)
    while (!a.send(0, udp_frame("queued"))) std::this_thread::yield();
  ASSERT_TRUE(b.send(0, udp_frame("the other way")));
  EXPECT_EQ(a.receive(0), udp_frame("the other way"));
  const std::int64_t deadline = monotonic_ns() + 2 * kNanosecondsPerSecond;
  while (relay.counts(Direction::kAToB).read.packets < kPackets && monotonic_ns() < deadline)
    relay.refresh();
  LaneCounts counts = relay.counts(Direction::kAToB);
  EXPECT_EQ(counts.read.packets, kPackets);
  EXPECT_GT(counts.queued.packets, 0U);
  EXPECT_LE(counts.queued.packets, kMaxQueued);
  EXPECT_EQ(packets_dropped(counts, DropReason::kQueueMemoryFull),
            kPackets - counts.queued.packets);
  EXPECT_TRUE(counts.balanced());
  EXPECT_EQ(counts.queued_packets_peak, counts.queued.packets);
  EXPECT_LE(counts.queued_bytes_peak, config.queue_memory_bytes);
  EXPECT_EQ(relay.reports().at(0).queued_bytes_limit, config.queue_memory_bytes);
  EXPECT_EQ(relay.reports().at(0).queued_packets_limit, kQueuePages)
      << "of those that are not small";
  EXPECT_EQ(relay.counts(Direction::kBToA).queued_bytes_peak, 0U) << "nothing is queued there";
  const std::uint64_t queued = counts.queued.packets;
  relay.stop();
  counts = relay.counts(Direction::kAToB);
  EXPECT_EQ(packets_dropped(counts, DropReason::kShutdown), queued);
  EXPECT_TRUE(counts.balanced());
}

TEST_P(QueuedPacketsTest, ACopyIsCountedAsMade) {
  for (const std::size_t queues : {1U, 2U})
    for (const StageScope scope : {StageScope::kLane, StageScope::kDirection}) {
      const SocketDevice a(queues);
      const SocketDevice b(queues);
      RelayConfig config = test::socket_relay(a, b, GetParam());
      config.merge = {kNoMerging, kNoMerging};
      config.stages[0].push_back(spec_of<Twice>(scope));
      Relay relay(config);
      relay.start();
      for (std::size_t queue = 0; queue < queues; ++queue)
        for (const char* text : {"one", "two"}) {
          ASSERT_TRUE(a.send(queue, udp_frame(text)));
          EXPECT_EQ(b.receive(queue), udp_frame(text));
          EXPECT_EQ(b.receive(queue), udp_frame(text));
        }
      relay.stop();
      const LaneCounts counts = relay.counts(Direction::kAToB);
      EXPECT_EQ(counts.read, (Tally{2 * queues, 2 * queues, 2 * queues * 31}));
      EXPECT_EQ(counts.made, counts.read);
      EXPECT_EQ(counts.written.packets, 4 * queues);
      EXPECT_TRUE(counts.balanced());
    }
}

TEST_P(QueuedPacketsTest, AFrameOfItsOwnIsWrittenInsteadOfWhatWasRead) {
  const SocketDevice a(1);
  const SocketDevice b(1);
  RelayConfig config = test::socket_relay(a, b, GetParam());
  config.stages[0].push_back(spec_of<CrossOut>(StageScope::kLane));
  Relay relay(config);
  relay.start();
  for (int packet = 0; packet < 1000; ++packet) {
    ASSERT_TRUE(a.send(0, udp_frame("number " + std::to_string(packet) + "?")));
    ASSERT_EQ(b.receive(0), udp_frame("number " + std::to_string(packet) + "X"));
  }
  relay.stop();
  const LaneCounts counts = relay.counts(Direction::kAToB);
  EXPECT_EQ(counts.written, counts.read);
  EXPECT_EQ(counts.made, Tally{});
  EXPECT_TRUE(counts.balanced());
}

INSTANTIATE_TEST_SUITE_P(Engines, QueuedPacketsTest,
                         ::testing::Values(EngineKind::kUring, EngineKind::kSyscall),
                         [](const auto& instance) {
                           return std::string(to_string(instance.param));
                         });

}  // namespace
}  // namespace tunrelay
