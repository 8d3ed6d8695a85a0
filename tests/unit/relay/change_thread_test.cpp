// SPDX-License-Identifier: MIT
// Changes of a running relay: other stages, and taps that come and go, while packets move.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "relay/relay.hpp"
#include "stage/burn.hpp"
#include "support/socket_device.hpp"

namespace tunrelay {
namespace {

using test::SocketDevice;
using test::udp_frame;

/// Queues every packet until its deadline, an hour after the first came; without one: for ever.
class Keep final : public Stage {
 public:
  explicit Keep(bool has_deadline) : has_deadline_(has_deadline) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "keep"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override {
    constexpr std::int64_t kHourNs = 3'600'000'000'000;
    if (kept_.empty()) due_ns_ = now_ns + kHourNs;
    for (const Packet& packet : packets) {
      if (kept_.full()) {
        output.drop(packet, DropReason::kStage);
        continue;
      }
      kept_.push(packet);
      queued_ += tally_of(packet);
    }
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return has_deadline_ && !kept_.empty() ? due_ns_ : kNoDeadline;
  }
  void release(std::int64_t /*now_ns*/, StageOutput& output) noexcept override {
    for (const Packet& packet : kept_) output.pass(packet);
    kept_.clear();
    queued_ = {};
  }
  [[nodiscard]] Tally queued() const noexcept override { return queued_; }
  void take_over(Stage& former, std::int64_t /*now_ns*/) noexcept override {
    auto& keep = same_stage<Keep>(former);
    due_ns_ = keep.due_ns_;
    kept_ = keep.kept_;
    queued_ = keep.queued_;
  }

 private:
  bool has_deadline_;
  std::int64_t due_ns_ = 0;
  Batch kept_;
  Tally queued_;
};

class DropAll final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "drop all"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) output.drop(packet, DropReason::kStage);
  }
};

/// From a to b one stage of that SCOPE.
template <typename Made, typename... Args>
StageSpecs from_a(StageScope scope, Args... args) {
  StageSpecs specs;
  specs[0].push_back({scope, [args...](std::size_t) { return std::make_unique<Made>(args...); }});
  return specs;
}

/// How many of NUMBER packets from a come out at b.
std::size_t cross(const SocketDevice& a, const SocketDevice& b, std::size_t number) {
  std::size_t crossed = 0;
  for (std::size_t queue = 0; queue < a.queues.size(); ++queue)
    for (std::size_t at = 0; at < number; ++at) {
      if (!a.send(queue, udp_frame("packet"))) continue;
      if (!b.receive(queue, 100).empty()) ++crossed;
    }
  return crossed;
}

class ChangeTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  SocketDevice a_{GetParam()};
  SocketDevice b_{GetParam()};
  Relay relay_{test::socket_relay(a_, b_, EngineKind::kSyscall)};
};

TEST_P(ChangeTest, StagesComeAndGo) {
  relay_.start();
  EXPECT_EQ(cross(a_, b_, 2), 2 * GetParam());
  for (const StageScope scope : {StageScope::kLane, StageScope::kDirection}) {
    relay_.change_stages(from_a<DropAll>(scope));
    EXPECT_EQ(cross(a_, b_, 1), 0U);
    relay_.change_stages({});
    EXPECT_EQ(cross(a_, b_, 2), 2 * GetParam());
  }
  relay_.stop();
  const LaneCounts counts = relay_.counts(Direction::kAToB);
  EXPECT_EQ(counts.dropped.at(static_cast<std::size_t>(DropReason::kStage)).packets,
            2 * GetParam());
  EXPECT_TRUE(counts.balanced());
}

TEST_P(ChangeTest, QueuedPacketsGoOutFirst) {
  for (const StageScope scope : {StageScope::kLane, StageScope::kDirection}) {
    Relay relay(test::socket_relay(a_, b_, EngineKind::kSyscall));
    relay.start();
    relay.change_stages(from_a<Keep>(scope, true));
    for (const char* name : {"first", "second"}) ASSERT_TRUE(a_.send(0, udp_frame(name)));
    EXPECT_EQ(b_.receive(0, 50), "");
    relay.change_stages({});
    ASSERT_TRUE(a_.send(0, udp_frame("third")));
    for (const char* name : {"first", "second", "third"}) EXPECT_EQ(b_.receive(0), udp_frame(name));
    relay.stop();
    EXPECT_EQ(relay.counts(Direction::kAToB).queued, Tally{});
    EXPECT_TRUE(relay.counts(Direction::kAToB).balanced());
  }
}

TEST_P(ChangeTest, InPlaceQueuedPacketsWaitOn) {
  for (const StageScope scope : {StageScope::kLane, StageScope::kDirection}) {
    Relay relay(test::socket_relay(a_, b_, EngineKind::kSyscall));
    relay.start();
    // Two stages: the first stays as it is.
    StageSpecs specs = from_a<Keep>(scope, false);
    specs[0].insert(specs[0].begin(),
                    {scope, [](std::size_t) { return std::make_unique<Burn>(0); }});
    relay.change_stages(specs);
    for (const char* name : {"first", "second"}) ASSERT_TRUE(a_.send(0, udp_frame(name)));
    while (relay.counts(Direction::kAToB).queued.packets != 2) std::this_thread::yield();
    specs[0][0].make = nullptr;
    for (int change = 0; change < 3; ++change) relay.change_stages(specs, {true, true});
    // One with a deadline takes over; the replacement lets out all that it has.
    StageSpecs with_deadline = from_a<Keep>(scope, true);
    with_deadline[0].insert(with_deadline[0].begin(), specs[0][0]);
    relay.change_stages(with_deadline, {true, true});
    EXPECT_EQ(b_.receive(0, 50), "");
    EXPECT_EQ(relay.counts(Direction::kAToB).queued.packets, 2U);
    relay.change_stages({});
    for (const char* name : {"first", "second"}) EXPECT_EQ(b_.receive(0), udp_frame(name));
    relay.stop();
    EXPECT_TRUE(relay.counts(Direction::kAToB).balanced());
  }
}

TEST_P(ChangeTest, OneDirectionInPlaceAndTheOtherReplaced) {
  relay_.start();
  StageSpecs specs = from_a<Keep>(StageScope::kDirection, true);
  relay_.change_stages(specs);
  ASSERT_TRUE(a_.send(0, udp_frame("kept")));
  while (relay_.counts(Direction::kAToB).queued.packets == 0) std::this_thread::yield();
  specs[1] = from_a<DropAll>(StageScope::kLane)[0];
  relay_.change_stages(specs, {true, false});
  EXPECT_EQ(relay_.counts(Direction::kAToB).queued.packets, 1U);
  EXPECT_EQ(cross(b_, a_, 1), 0U);
  relay_.change_stages({});
  EXPECT_EQ(b_.receive(0), udp_frame("kept"));
  relay_.stop();
}

TEST_P(ChangeTest, InPlaceLosesNothingWhilePacketsMove) {
  relay_.start();
  relay_.change_stages(from_a<Keep>(StageScope::kDirection, false));
  std::atomic<bool> sending{true};
  std::thread sender([&] {
    while (sending.load())
      for (std::size_t queue = 0; queue < GetParam(); ++queue)
        (void)a_.send(queue, udp_frame("flood"));
  });
  for (int round = 0; round < 50; ++round)
    relay_.change_stages(from_a<Keep>(StageScope::kDirection, false), {true, false});
  sending.store(false);
  sender.join();
  relay_.stop();
  EXPECT_TRUE(relay_.counts(Direction::kAToB).balanced());
}

TEST_P(ChangeTest, StagesThatQueueForEverRefuseTheNextChangeAndLoseNoCount) {
  relay_.start();
  relay_.change_stages(from_a<Keep>(StageScope::kLane, false));
  ASSERT_TRUE(a_.send(0, udp_frame("kept")));
  while (relay_.counts(Direction::kAToB).queued.packets == 0) std::this_thread::yield();
  relay_.change_stages({});
  EXPECT_EQ(cross(a_, b_, 1), GetParam());
  EXPECT_THROW(relay_.change_stages(from_a<DropAll>(StageScope::kLane)), Error);
  EXPECT_EQ(cross(a_, b_, 1), GetParam());
  relay_.stop();
  const LaneCounts counts = relay_.counts(Direction::kAToB);
  EXPECT_EQ(counts.dropped.at(static_cast<std::size_t>(DropReason::kShutdown)).packets, 1U);
  EXPECT_TRUE(counts.balanced());
}

TEST_P(ChangeTest, AStageThatCanNotBeMadeLeavesTheOldOnes) {
  relay_.start();
  relay_.change_stages(from_a<DropAll>(StageScope::kLane));
  StageSpecs bad;
  bad[1].push_back({StageScope::kDirection, [](std::size_t) -> std::unique_ptr<Stage> {
                      throw_usage_error("make", "a stage", "no");
                    }});
  EXPECT_THROW(relay_.change_stages(bad), Error);
  EXPECT_EQ(cross(a_, b_, 1), 0U);
}

TEST_P(ChangeTest, LosesNothingWhilePacketsMove) {
  relay_.start();
  std::atomic<bool> sending{true};
  std::atomic<int> received{0};
  std::thread sender([&] {
    while (sending.load())
      for (std::size_t queue = 0; queue < GetParam(); ++queue)
        (void)a_.send(queue, udp_frame("flood"));
  });
  std::thread receiver([&] {
    while (sending.load())
      for (std::size_t queue = 0; queue < GetParam(); ++queue)
        while (!b_.receive(queue, 0).empty()) ++received;
  });
  while (received.load() == 0) std::this_thread::yield();  // now they move
  for (int round = 0; round < 4; ++round) {
    relay_.change_stages(from_a<Keep>(StageScope::kLane, true));
    relay_.change_stages(from_a<DropAll>(StageScope::kDirection));
    relay_.change_stages({});
  }
  const int before = received.load();
  while (received.load() == before) std::this_thread::yield();  // and move still
  relay_.stop();
  sending.store(false);
  sender.join();
  receiver.join();
  EXPECT_TRUE(relay_.counts(Direction::kAToB).balanced());
}

/// Ids of what a lane's tap has seen.
struct Sightings {
  std::mutex mutex;
  std::vector<std::uint64_t> arrived, left, dropped;
};

class Witness final : public PacketTap {
 public:
  explicit Witness(Sightings& seen) : seen_(seen) {}
  void arrived(const Packet& packet) noexcept override { note(seen_.arrived, packet); }
  void left(const Packet& packet) noexcept override { note(seen_.left, packet); }
  void dropped(const Packet& packet, DropReason /*reason*/) noexcept override {
    note(seen_.dropped, packet);
  }

 private:
  void note(std::vector<std::uint64_t>& list, const Packet& packet) {
    const std::lock_guard lock(seen_.mutex);
    list.push_back(packet.id);
  }
  Sightings& seen_;
};

TEST_P(ChangeTest, ATapSeesPacketsComeAndLeaveUnderOneId) {
  relay_.start();
  Sightings seen;
  EXPECT_EQ(cross(a_, b_, 1), GetParam());
  relay_.change_taps([&](Direction, std::size_t) { return std::make_unique<Witness>(seen); });
  EXPECT_EQ(cross(a_, b_, 3), 3 * GetParam());
  EXPECT_EQ(cross(b_, a_, 3), 3 * GetParam());
  ASSERT_TRUE(a_.send(0, "malformed but long enough"));
  EXPECT_EQ(cross(a_, b_, 1), GetParam());
  relay_.change_taps({});
  EXPECT_EQ(cross(a_, b_, 2), 2 * GetParam());
  EXPECT_EQ(seen.arrived.size(), 7 * GetParam() + 1);
  EXPECT_EQ(seen.left.size(), 7 * GetParam());
  ASSERT_EQ(seen.dropped.size(), 1U);
  std::vector<std::uint64_t> gone = seen.left;
  gone.push_back(seen.dropped.front());
  std::sort(gone.begin(), gone.end());
  std::sort(seen.arrived.begin(), seen.arrived.end());
  EXPECT_EQ(gone, seen.arrived);
  EXPECT_EQ(std::adjacent_find(gone.begin(), gone.end()), gone.end());
}

INSTANTIATE_TEST_SUITE_P(Queues, ChangeTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace tunrelay
