// SPDX-License-Identifier: MIT
// The transfer between queues: packets of all queues through one direction-wide stage and back.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "relay/cross_queue_transfer.hpp"
#include "relay/relay.hpp"
#include "support/socket_device.hpp"

namespace tunrelay {
namespace {

using test::SocketDevice;
using test::udp_frame;

TEST(Mailbox, DeliversEverythingInEachSendersOrder) {
  constexpr int kSenders = 3;
  constexpr int kMessages = 20'000;
  struct Message {
    int sender;
    int number;
  };
  const EventFd wake;
  Mailbox<Message> mailbox(256, wake);
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender)
    senders.emplace_back([&mailbox, sender] {
      for (int number = 0; number < kMessages; ++number)
        while (!mailbox.post({sender, number})) std::this_thread::yield();
    });
  std::array<int, kSenders> expected{};
  int received = 0;
  std::array<Message, 64> messages;
  while (received < kSenders * kMessages) {
    const std::size_t count = mailbox.take(messages.data(), messages.size());
    for (std::size_t at = 0; at < count; ++at)
      ASSERT_EQ(messages.at(at).number,
                expected.at(static_cast<std::size_t>(messages.at(at).sender))++);
    received += static_cast<int>(count);
    if (count == 0) std::this_thread::yield();
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(mailbox.take(messages.data(), messages.size()), 0U);
}

TEST(Mailbox, RefusesWhenFullAndNeverWithPostAlways) {
  const EventFd wake;
  Mailbox<int> mailbox(32, wake);
  int posted = 0;
  while (mailbox.post(posted)) ++posted;
  EXPECT_GE(posted, 32);
  mailbox.post_always(posted++);
  std::vector<int> taken(static_cast<std::size_t>(posted) + 1);
  EXPECT_EQ(mailbox.take(taken.data(), taken.size()), static_cast<std::size_t>(posted));
}

TEST(Mailbox, WakesOnceForABurst) {
  const EventFd wake;
  Mailbox<int> mailbox(32, wake);
  EXPECT_FALSE(wake.drain());
  ASSERT_TRUE(mailbox.post(1));
  ASSERT_TRUE(mailbox.post(2));
  EXPECT_TRUE(wake.drain());
  EXPECT_TRUE(mailbox.waiting());
  std::array<int, 4> taken{};
  EXPECT_EQ(mailbox.take(taken.data(), taken.size()), 2U);
  EXPECT_FALSE(mailbox.waiting());
  ASSERT_TRUE(mailbox.post(3));
  EXPECT_TRUE(wake.drain());
}

/// Drops every nth packet of the whole direction, whatever its queue; counts what it saw.
class EveryNth final : public Stage {
 public:
  EveryNth(int nth, std::atomic<int>& seen) : nth_(nth), seen_(seen) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "every nth"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      const int number = seen_.fetch_add(1) + 1;
      if (number % nth_ == 0)
        output.drop(packet, DropReason::kStage);
      else
        output.pass(packet);
    }
  }

 private:
  int nth_;
  std::atomic<int>& seen_;
};

TEST(CrossQueueTransfer, OneStageSeesAllQueuesAndEachKeepsItsOrder) {
  constexpr std::size_t kQueues = 3;
  constexpr int kPackets = 400;
  const SocketDevice a(kQueues);
  const SocketDevice b(kQueues);
  std::atomic<int> seen{0};
  RelayConfig config = test::socket_relay(a, b, EngineKind::kSyscall);
  config.stages[0].push_back({StageScope::kDirection, [&seen](std::size_t) {
                                return std::make_unique<EveryNth>(4, seen);
                              }});
  Relay relay(config);
  relay.start();
  std::thread sender([&a] {
    for (int number = 0; number < kPackets; ++number)
      for (std::size_t queue = 0; queue < kQueues; ++queue)
        while (!a.send(queue, udp_frame(std::to_string(number)))) std::this_thread::yield();
  });
  constexpr std::size_t kHeaders = 10 + 28;
  int received = 0;
  for (std::size_t queue = 0; queue < kQueues; ++queue) {
    int last = -1;
    for (std::string frame = b.receive(queue); frame.size() > kHeaders;
         frame = b.receive(queue, 300)) {
      const int number = std::stoi(frame.substr(kHeaders));
      ASSERT_GT(number, last);
      last = number;
      ++received;
    }
  }
  sender.join();
  relay.stop();
  const LaneCounts counts = relay.counts(Direction::kAToB);
  EXPECT_EQ(seen.load(), static_cast<int>(kQueues) * kPackets);
  EXPECT_EQ(counts.dropped.at(static_cast<std::size_t>(DropReason::kStage)).packets,
            kQueues * kPackets / 4);
  EXPECT_EQ(static_cast<std::uint64_t>(received) +
                counts.dropped.at(static_cast<std::size_t>(DropReason::kTargetFull)).packets,
            kQueues * kPackets * 3 / 4);
  EXPECT_TRUE(counts.balanced());
}

}  // namespace
}  // namespace tunrelay
