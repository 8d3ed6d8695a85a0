// SPDX-License-Identifier: MIT
// The relay over socketpairs: forwarding, accounting, start and stop; under ThreadSanitizer
// too.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/path_nonce.hpp"
#include "os/wait_until.hpp"
#include "relay/relay.hpp"
#include "support/naive_packet.hpp"
#include "support/skip.hpp"
#include "support/socket_device.hpp"

namespace tunrelay {
namespace {

using test::SocketDevice;
using test::udp_frame;

/// With the checksums that a sender's kernel leaves, so that it may be merged; ID 0, as DF allows.
std::string mergeable_datagram(std::size_t payload_bytes) {
  test::PacketSpec spec;
  spec.is_tcp = false;
  spec.id = 0;
  spec.dont_fragment = true;
  spec.payload = test::counting_bytes(payload_bytes);
  const test::Frame frame = test::build_frame(spec);
  std::string bytes(kVirtioNetHeaderBytes, '\0');
  store_virtio_net_header(reinterpret_cast<std::byte*>(bytes.data()), frame.header);
  return bytes.append(reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size());
}

class RelayTest : public ::testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    if (GetParam() == EngineKind::kUring && !probe_uring().available)
      return test::skip_or_fail(std::string(probe_uring().reason));
  }
};

Tally dropped_as(const LaneCounts& counts, DropReason reason) {
  return counts.dropped.at(static_cast<std::size_t>(reason));
}

TEST_P(RelayTest, CarriesPacketsBothWaysUnchanged) {
  const SocketDevice a(1);
  const SocketDevice b(1);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  ASSERT_TRUE(a.send(0, udp_frame("there")));
  EXPECT_EQ(b.receive(0), udp_frame("there"));
  ASSERT_TRUE(b.send(0, udp_frame("and back")));
  EXPECT_EQ(a.receive(0), udp_frame("and back"));
  relay.stop();
  EXPECT_EQ(relay.counts(Direction::kAToB).written, (Tally{1, 1, 33}));
  EXPECT_EQ(relay.counts(Direction::kBToA).written, (Tally{1, 1, 36}));
}

TEST_P(RelayTest, KeepsQueuesApart) {
  const SocketDevice a(4);
  const SocketDevice b(4);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  for (std::size_t queue = 0; queue < 4; ++queue)
    ASSERT_TRUE(a.send(queue, udp_frame("queue " + std::to_string(queue))));
  for (std::size_t queue = 0; queue < 4; ++queue)
    EXPECT_EQ(b.receive(queue), udp_frame("queue " + std::to_string(queue)));
}

TEST_P(RelayTest, DropsAndCountsWhatIsMalformed) {
  const SocketDevice a(1);
  const SocketDevice b(1);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  std::string bad_version = udp_frame("x");
  bad_version[10] = 0x15;
  std::string over_mtu = udp_frame(std::string(1473, 'x'));
  for (const std::string& packet : {std::string("short"), bad_version, over_mtu, udp_frame("good")})
    ASSERT_TRUE(a.send(0, packet));
  EXPECT_EQ(b.receive(0), udp_frame("good"));
  relay.stop();
  const LaneCounts counts = relay.counts(Direction::kAToB);
  EXPECT_EQ(dropped_as(counts, DropReason::kTooShort).packets, 1U);
  EXPECT_EQ(dropped_as(counts, DropReason::kBadVersion).packets, 1U);
  EXPECT_EQ(dropped_as(counts, DropReason::kOverMtu).packets, 1U);
  EXPECT_EQ(counts.read.packets, 4U);
  EXPECT_TRUE(counts.balanced());
}

TEST_P(RelayTest, FollowsAChangedMtu) {
  const SocketDevice a(1);
  const SocketDevice b(1);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  relay.change_mtu(9000);
  const std::string jumbo = udp_frame(std::string(8000, 'j'));
  ASSERT_TRUE(a.send(0, jumbo));
  EXPECT_EQ(b.receive(0), jumbo);
}

TEST_P(RelayTest, EndsTheMergingThatItsTargetRefuses) {
  const SocketDevice a(1);
  const SocketDevice b(1);
  // Takes a datagram of 1,000 bytes, and answers a super-packet of twenty with EMSGSIZE.
  const int buffer_bytes = 2000;
  ASSERT_EQ(::setsockopt(b.queues[0].near.get(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes,
                         sizeof buffer_bytes),
            0);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  const std::string datagram = mergeable_datagram(1000);
  constexpr std::uint64_t kBatch = 20;
  relay.between_turns([&] {  // read as one batch
    for (std::uint64_t number = 0; number < kBatch; ++number) (void)a.send(0, datagram);
  });
  // What one refresh() asks for may be late on a machine with other work.
  const auto refused = [&] {
    relay.refresh();
    return relay.counts(Direction::kAToB);
  };
  EXPECT_TRUE(wait_until(
      [&] { return dropped_as(refused(), DropReason::kTargetRefused).packets == kBatch; },
      5 * kNanosecondsPerSecond, kNanosecondsPerMillisecond));
  EXPECT_EQ(refused().refused_merged_udp, kBatch);
  relay.between_turns([&] { (void)(a.send(0, datagram) && a.send(0, datagram)); });
  EXPECT_EQ(b.receive(0), datagram);
  EXPECT_EQ(b.receive(0), datagram);
  EXPECT_EQ(dropped_as(refused(), DropReason::kTargetRefused).packets, kBatch)
      << "one batch is lost, and no more";
  relay.stop();
  EXPECT_TRUE(relay.counts(Direction::kAToB).balanced());
}

TEST_P(RelayTest, KnowsThePathProbeThatItCarried) {
  const SocketDevice a(1);
  const SocketDevice b(1);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  const auto probe = make_path_probe(4711);
  ASSERT_TRUE(a.send(0, udp_frame({reinterpret_cast<const char*>(probe.data()), probe.size()})));
  ASSERT_NE(b.receive(0), "");
  EXPECT_TRUE(relay.saw_path_nonce(Direction::kAToB, 4711));
  EXPECT_FALSE(relay.saw_path_nonce(Direction::kBToA, 4711));
  EXPECT_EQ(relay.counts(Direction::kAToB).path_probes, 1U);
}

TEST_P(RelayTest, SaysWhichDeviceHasGone) {
  const SocketDevice a(2);
  SocketDevice b(2);
  Relay relay(test::socket_relay(a, b, GetParam()));
  relay.start();
  for (test::EndpointPair& queue : b.queues) queue.far.reset();
  const std::int64_t deadline = monotonic_ns() + 2 * kNanosecondsPerSecond;
  while (relay.gone_errno(1) == 0 && monotonic_ns() < deadline) std::this_thread::yield();
  EXPECT_EQ(relay.gone_errno(1), EPIPE);
  EXPECT_EQ(relay.gone_errno(0), 0);
}

TEST_P(RelayTest, BalancesWhenStoppedUnderTraffic) {
  for (int round = 0; round < 10; ++round) {
    const SocketDevice a(2);
    const SocketDevice b(2);
    Relay relay(test::socket_relay(a, b, GetParam()));
    relay.start();
    std::atomic<bool> sending{true};
    std::thread sender([&] {
      while (sending.load()) (void)(a.send(0, udp_frame("flood")) || b.send(1, udp_frame("flood")));
    });
    std::thread reader([&] {
      // Any thread may look while packets move.
      while (sending.load()) EXPECT_LE(relay.reports().size(), 2U);
    });
    (void)b.receive(0);
    relay.stop();
    sending.store(false);
    sender.join();
    reader.join();
    for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
      const LaneCounts counts = relay.counts(direction);
      EXPECT_TRUE(counts.balanced()) << to_string(direction) << " round " << round;
    }
  }
}

TEST_P(RelayTest, StartsAndStopsOverAndOver) {
  for (int round = 0; round < 20; ++round) {
    const SocketDevice a(2);
    const SocketDevice b(2);
    Relay relay(test::socket_relay(a, b, GetParam()));
    relay.start();
    relay.stop();
    relay.stop();
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RelayTest,
                         ::testing::Values(EngineKind::kUring, EngineKind::kSyscall),
                         [](const auto& instance) {
                           return std::string(to_string(instance.param));
                         });

}  // namespace
}  // namespace tunrelay
