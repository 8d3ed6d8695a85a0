// SPDX-License-Identifier: MIT
// Workers without rights: packets cross as ever, with both engines, across queues, through stages
// that come and go; a stage that requests more ends the process.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "relay/relay.hpp"
#include "support/sanitizer.hpp"
#include "support/skip.hpp"
#include "support/socket_device.hpp"

namespace tunrelay {
namespace {

using test::SocketDevice;
using test::udp_frame;

#ifndef TUNRELAY_UNDER_SANITIZER  // whose builds confine nothing

class ConfinedRelayTest : public ::testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    if (GetParam() == EngineKind::kUring && !probe_uring().available)
      return test::skip_or_fail(std::string(probe_uring().reason));
  }
  static RelayConfig config(const SocketDevice& a, const SocketDevice& b) {
    RelayConfig config = test::socket_relay(a, b, GetParam());
    config.sandbox = SandboxPolicy::kStrict;
    config.engine.restrict_ring = true;
    return config;
  }
};

/// Queues each packet for a while.
class Later final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "later"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      if (kept_.full()) {
        output.drop(packet, DropReason::kStage);
        continue;
      }
      kept_.push(packet);
      queued_ += tally_of(packet);
      due_ns_ = now_ns + 1'000'000;
    }
  }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept override {
    return kept_.empty() ? kNoDeadline : due_ns_;
  }
  void release(std::int64_t /*now_ns*/, StageOutput& output) noexcept override {
    for (const Packet& packet : kept_) output.pass(packet);
    kept_.clear();
    queued_ = {};
  }
  [[nodiscard]] Tally queued() const noexcept override { return queued_; }

 private:
  std::int64_t due_ns_ = 0;
  Batch kept_;
  Tally queued_;
};

StageSpecs later(StageScope scope) {
  const StageSpec spec{scope, [](std::size_t /*queue*/) { return std::make_unique<Later>(); }};
  return {std::vector{spec}, std::vector{spec}};
}

void expect_crossing(const SocketDevice& a, const SocketDevice& b, const std::string& text) {
  for (std::size_t queue = 0; queue < a.queues.size(); ++queue) {
    ASSERT_TRUE(a.send(queue, udp_frame(text)));
    EXPECT_EQ(b.receive(queue), udp_frame(text));
    ASSERT_TRUE(b.send(queue, udp_frame(text + " back")));
    EXPECT_EQ(a.receive(queue), udp_frame(text + " back"));
  }
}

TEST_P(ConfinedRelayTest, CarriesChangesAndEndsAsAnyOther) {
  const SocketDevice a(2);
  const SocketDevice b(2);
  Relay relay(config(a, b));
  relay.start();
  expect_crossing(a, b, "plain");
  for (const StageScope scope : {StageScope::kLane, StageScope::kDirection}) {
    relay.change_stages(later(scope));
    expect_crossing(a, b, "later");
  }
  relay.change_stages({});
  expect_crossing(a, b, "plain again");
  relay.refresh();
  for (const WorkerReport& worker : relay.reports()) {
    EXPECT_TRUE(worker.sandbox.has_no_capabilities);
    EXPECT_GT(worker.sandbox.system_calls, 10U);
    EXPECT_LE(worker.sandbox.system_calls, 25U);
    EXPECT_EQ(worker.sandbox.shortfall, "");
    EXPECT_EQ(worker.ring.is_restricted, GetParam() == EngineKind::kUring);
    EXPECT_EQ(worker.ring.refusal, "");
  }
  relay.stop();
  EXPECT_TRUE(relay.counts(Direction::kAToB).balanced());
}

TEST_P(ConfinedRelayTest, AnEndpointThatGoesIsReported) {
  auto a = std::make_unique<SocketDevice>(1);
  const SocketDevice b(1);
  Relay relay(config(*a, b));
  relay.start();
  a->queues[0].far.reset();
  for (int looks = 0; looks < 2000 && relay.gone_errno(0) == 0; ++looks)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_NE(relay.gone_errno(0), 0);
  relay.stop();
}

/// Opens a file when a packet comes.
class Opener final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "opener"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    static_cast<void>(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    for (const Packet& packet : packets) output.pass(packet);
  }
};

TEST_P(ConfinedRelayTest, AStageThatOpensAFileEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto forward = [] {
    const SocketDevice a(1);
    const SocketDevice b(1);
    RelayConfig config = ConfinedRelayTest::config(a, b);
    config.stages[0] = {
        {StageScope::kLane, [](std::size_t) { return std::make_unique<Opener>(); }}};
    Relay relay(config);
    relay.start();
    static_cast<void>(a.send(0, udp_frame("x")));
    static_cast<void>(b.receive(0));
    ::_exit(0);
  };
  EXPECT_EXIT(forward(), ::testing::KilledBySignal(SIGSYS), "system call openat");
}

INSTANTIATE_TEST_SUITE_P(Engines, ConfinedRelayTest,
                         ::testing::Values(EngineKind::kUring, EngineKind::kSyscall),
                         [](const auto& test) { return std::string(to_string(test.param)); });

#endif

}  // namespace
}  // namespace tunrelay
