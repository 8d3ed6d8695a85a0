// SPDX-License-Identifier: MIT
// Both engines keep the same contract, and io_uring's in both ways of reading: each test runs with
// each.
#include "engine/engine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "os/event_fd.hpp"
#include "support/endpoint_pair.hpp"
#include "support/random.hpp"
#include "support/skip.hpp"

namespace tunrelay {
namespace {

using test::EndpointPair;

constexpr std::size_t kReadAhead = 8;
constexpr std::size_t kSlots = 24;

struct EngineCase {
  const char* name;
  EngineKind kind;
  bool after_bulk;  ///< super-packets have come before (bulk_mode.hpp)
};

class EngineTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  void SetUp() override {
    if (GetParam().kind == EngineKind::kUring && !probe_uring().available)
      return test::skip_or_fail(std::string(probe_uring().reason));
    const std::array<Endpoint, 2> endpoints{
        {{.fd = pairs_[0].near.get()}, {.fd = pairs_[1].near.get()}}};
    engine_ = make_engine({.kind = GetParam().kind, .read_ahead = kReadAhead}, arena_, endpoints,
                          wake_.fd(), counters_);
    // More than the rings' reads have buffers for.
    for (std::size_t number = 0; GetParam().after_bulk && number <= kReadAhead; ++number)
      for (const EndpointPair& pair : pairs_) {
        ASSERT_TRUE(pair.send(std::string(20'000, 'b')));
        ASSERT_EQ(collect(1).size(), 1U);
      }
  }

  /// Of each endpoint, in order.
  using Packets = std::array<std::vector<std::string>, 2>;

  /// Turns until COUNT packets have come, or two seconds have passed.
  Packets collect_of_each(std::size_t count) {
    Packets packets;
    const std::int64_t deadline = monotonic_ns() + 2 * kNanosecondsPerSecond;
    while (packets[0].size() + packets[1].size() < count && monotonic_ns() < deadline) {
      engine_->turn(50 * kNanosecondsPerMillisecond, turn_);
      for (std::size_t at = 0; at < turn_.arrival_count; ++at) {
        const Arrival& arrival = turn_.arrivals[at];
        packets[arrival.endpoint].emplace_back(
            reinterpret_cast<const char*>(arena_.data(arrival.buffer)), arrival.length);
        arena_.release(arrival.buffer);
      }
    }
    return packets;
  }
  /// Where all come from one endpoint.
  std::vector<std::string> collect(std::size_t count) {
    Packets packets = collect_of_each(count);
    return packets[packets[0].empty() ? 1 : 0];
  }

  /// One packet as an arrival that the caller holds.
  Arrival receive_one(std::string_view packet) {
    EXPECT_TRUE(pairs_[0].send(packet));
    engine_->turn(kNanosecondsPerSecond, turn_);
    // There is no arrival to go on with: its buffer would be one that nobody holds.
    if (turn_.arrival_count != 1)
      throw std::runtime_error(std::to_string(turn_.arrival_count) + " packets came, not one");
    return turn_.arrivals[0];
  }

  void write_back(const Arrival& arrival, EndpointIndex target) {
    const iovec piece{.iov_base = arena_.data(arrival.buffer), .iov_len = arrival.length};
    engine_->write({target, {&arrival.buffer, 1}, {1, 1, arrival.length}, {&piece, 1}});
  }

  std::array<EndpointPair, 2> pairs_;
  EventFd wake_;
  BufferArena arena_{kSlots};
  EngineCounters counters_;
  std::unique_ptr<Engine> engine_;
  Turn turn_;
};

TEST_P(EngineTest, ReadsPacketsInOrderWithTheirLengths) {
  for (const char* packet : {"a", "bb", "ccc"}) ASSERT_TRUE(pairs_[0].send(packet));
  EXPECT_EQ(collect(3), (std::vector<std::string>{"a", "bb", "ccc"}));
}

TEST_P(EngineTest, DistinguishesTheEndpoints) {
  ASSERT_TRUE(pairs_[1].send("from b"));
  engine_->turn(kNanosecondsPerSecond, turn_);
  ASSERT_EQ(turn_.arrival_count, 1U);
  EXPECT_EQ(turn_.arrivals[0].endpoint, 1);
  arena_.release(turn_.arrivals[0].buffer);
}

TEST_P(EngineTest, WritesFromTheBufferThatWasRead) {
  write_back(receive_one("through"), 1);
  engine_->turn(0, turn_);
  EXPECT_EQ(pairs_[1].receive(), "through");
  EXPECT_EQ(turn_.writes[1].written, (Tally{1, 1, 7}));
  EXPECT_FALSE(turn_.writes[1].any_dropped);
}

TEST_P(EngineTest, GathersPiecesIntoOnePacket) {
  const Arrival arrival = receive_one("payload");
  std::string header = "header|";
  const std::array<iovec, 2> pieces{
      {{.iov_base = header.data(), .iov_len = header.size()},
       {.iov_base = arena_.data(arrival.buffer), .iov_len = arrival.length}}};
  engine_->write({1, {&arrival.buffer, 1}, {1, 1, 7}, pieces});
  engine_->turn(0, turn_);
  EXPECT_EQ(pairs_[1].receive(), "header|payload");
}

TEST_P(EngineTest, KeepsTheOrderOfWrites) {
  for (int number = 0; number < 100; ++number) {
    write_back(receive_one(std::to_string(number)), 1);
    engine_->turn(0, turn_);
    EXPECT_EQ(pairs_[1].receive(), std::to_string(number));
  }
}

TEST_P(EngineTest, CountsWhatAFullTargetCouldNotTake) {
  Tally written;
  Tally dropped;
  for (int number = 0; number < 2000 && dropped.packets == 0; ++number) {
    write_back(receive_one("packet"), 1);
    engine_->turn(0, turn_);
    written += turn_.writes[1].written;
    dropped += turn_.writes[1].dropped[static_cast<std::size_t>(DropReason::kTargetFull)];
  }
  EXPECT_EQ(dropped.packets, 1U);
  std::uint64_t received = 0;
  while (!pairs_[1].receive().empty()) ++received;
  EXPECT_EQ(received, written.packets);
}

TEST_P(EngineTest, ReturnsEveryBuffer) {
  for (int round = 0; round < 50; ++round) {
    for (int packet = 0; packet < 20; ++packet) ASSERT_TRUE(pairs_[0].send("x"));
    EXPECT_EQ(collect(20).size(), 20U);
  }
  engine_.reset();
  EXPECT_GE(arena_.free_slots(), kSlots - 2 * kReadAhead) << "but what the kernel's rings held";
}

TEST_P(EngineTest, LosesNothingWhenItsBuffersAreAllHeld) {
  constexpr int kPackets = 60;
  for (int number = 0; number < kPackets; ++number)
    ASSERT_TRUE(pairs_[0].send(std::to_string(number)));
  std::vector<Arrival> held;
  for (int turns = 0; turns < 20; ++turns) {
    engine_->turn(0, turn_);
    held.insert(held.end(), turn_.arrivals.begin(),
                turn_.arrivals.begin() + static_cast<std::ptrdiff_t>(turn_.arrival_count));
  }
  EXPECT_LT(held.size(), static_cast<std::size_t>(kPackets)) << "the arena is smaller than that";
  int expected = 0;
  for (const Arrival& arrival : held) {
    EXPECT_EQ(
        std::string(reinterpret_cast<const char*>(arena_.data(arrival.buffer)), arrival.length),
        std::to_string(expected++));
    arena_.release(arrival.buffer);
  }
  for (const std::string& packet : collect(static_cast<std::size_t>(kPackets) - held.size()))
    EXPECT_EQ(packet, std::to_string(expected++));
  EXPECT_EQ(expected, kPackets);
  EXPECT_GT(counters_.no_buffer.get(), 0U);
}

TEST_P(EngineTest, DoesNotSleepWhenItsOwnWritesHoldTheBuffers) {
  constexpr std::size_t kPackets = 60;
  for (std::size_t number = 0; number < kPackets; ++number)
    ASSERT_TRUE(pairs_[0].send(std::to_string(number)));
  // The reads end for want of buffers; then the writes that free them go out in the very call
  // that might sleep. What still waits must be read without anyone's wake-up.
  std::size_t read = 0;
  std::vector<Arrival> held;
  const std::int64_t start_ns = monotonic_ns();
  for (int turns = 0; turns < 8; ++turns) {
    engine_->turn(0, turn_);
    held.insert(held.end(), turn_.arrivals.begin(),
                turn_.arrivals.begin() + static_cast<std::ptrdiff_t>(turn_.arrival_count));
  }
  while (read + held.size() < kPackets && monotonic_ns() - start_ns < 5 * kNanosecondsPerSecond) {
    for (const Arrival& arrival : held) write_back(arrival, 1);
    read += held.size();
    engine_->turn(5 * kNanosecondsPerSecond, turn_);
    held.assign(turn_.arrivals.begin(),
                turn_.arrivals.begin() + static_cast<std::ptrdiff_t>(turn_.arrival_count));
  }
  EXPECT_EQ(read + held.size(), kPackets);
  EXPECT_LT(monotonic_ns() - start_ns, 4 * kNanosecondsPerSecond);
  for (const Arrival& arrival : held) arena_.release(arrival.buffer);
}

TEST_P(EngineTest, DoesNotSleepOverAWakeUpThatCameBesideAFlush) {
  const std::int64_t start_ns = monotonic_ns();
  for (int number = 0; number < 10; ++number) {
    write_back(receive_one("out"), 1);
    wake_.signal();
    engine_->flush();
    engine_->turn(kNanosecondsPerSecond, turn_);
    ASSERT_TRUE(turn_.woken);
  }
  EXPECT_LT(monotonic_ns() - start_ns, kNanosecondsPerSecond);
}

TEST_P(EngineTest, DoesNotSleepOverWhatCameInBesideAFlush) {
  const std::int64_t start_ns = monotonic_ns();
  for (int number = 0; number < 40; ++number) {
    write_back(receive_one("out"), 1);
    ASSERT_TRUE(pairs_[0].send("in"));
    engine_->flush();
    EXPECT_EQ(pairs_[1].receive(), "out");
    EXPECT_EQ(collect(1), std::vector<std::string>{"in"});
  }
  EXPECT_LT(monotonic_ns() - start_ns, kNanosecondsPerSecond);
}

TEST_P(EngineTest, AWakeUpEndsAWait) {
  wake_.signal();
  const std::int64_t start_ns = monotonic_ns();
  engine_->turn(5 * kNanosecondsPerSecond, turn_);
  EXPECT_TRUE(turn_.woken);
  EXPECT_LT(monotonic_ns() - start_ns, kNanosecondsPerSecond);
  engine_->turn(0, turn_);
  EXPECT_FALSE(turn_.woken) << "one signal wakes once";
  wake_.signal();
  engine_->turn(5 * kNanosecondsPerSecond, turn_);
  EXPECT_TRUE(turn_.woken);
}

TEST_P(EngineTest, AWaitEndsInTime) {
  const std::int64_t start_ns = monotonic_ns();
  int turns = 0;
  // The kernel's late work for rings that were closed before can end some waits early.
  while (monotonic_ns() - start_ns < 19 * kNanosecondsPerMillisecond && turns < 1000) {
    engine_->turn(20 * kNanosecondsPerMillisecond, turn_);
    ++turns;
  }
  EXPECT_LE(turns, 20) << "it did not wait";
  EXPECT_LT(monotonic_ns() - start_ns, kNanosecondsPerSecond);
}

TEST_P(EngineTest, SaysWhenAnEndpointIsGone) {
  pairs_[0].far.reset();
  const std::int64_t deadline = monotonic_ns() + kNanosecondsPerSecond;
  do engine_->turn(10 * kNanosecondsPerMillisecond, turn_);
  while (turn_.gone_errno[0] == 0 && monotonic_ns() < deadline);
  EXPECT_NE(turn_.gone_errno[0], 0);
  EXPECT_EQ(turn_.gone_errno[1], 0);
  // The other endpoint goes on.
  ASSERT_TRUE(pairs_[1].send("still here"));
  EXPECT_EQ(collect(1), std::vector<std::string>{"still here"});
}

TEST_P(EngineTest, CountsWritesToAGoneTarget) {
  const Arrival arrival = receive_one("lost");
  pairs_[1].far.reset();
  write_back(arrival, 1);
  engine_->turn(0, turn_);
  EXPECT_EQ(turn_.writes[1].dropped[static_cast<std::size_t>(DropReason::kTargetGone)],
            (Tally{1, 1, 4}));
}

TEST_P(EngineTest, TakesMoreWritesInATurnThanItsQueueHolds) {
  const Arrival arrival = receive_one("many");
  constexpr int kWrites = 600;
  Tally seen;
  for (int number = 0; number < kWrites; ++number) {
    arena_.retain(arrival.buffer);
    write_back(arrival, 1);
    if (number % 100 == 99) engine_->flush();
  }
  arena_.release(arrival.buffer);
  engine_->turn(0, turn_);
  seen += turn_.writes[1].written;
  for (const Tally& dropped : turn_.writes[1].dropped) seen += dropped;
  EXPECT_EQ(seen.packets, static_cast<std::uint64_t>(kWrites));
}

TEST_P(EngineTest, KeepsOrderAndContentWhateverTheSizes) {
  test::SeededRandom random;
  bool is_bulk = false;
  const std::size_t rounds = test::scaled(400);
  for (std::size_t round = 0; round < rounds; ++round) {
    if (random.chance(0.05)) is_bulk = !is_bulk;
    Packets sent;
    for (std::size_t end = 0; end < 2; ++end)
      for (std::uint64_t count = random.between(0, 4); count > 0; --count) {
        const std::size_t bytes = is_bulk ? random.between(16'000, 20'000) : random.between(1, 100);
        sent[end].emplace_back(bytes, static_cast<char>(random.between('a', 'z')));
        ASSERT_TRUE(pairs_[end].send(sent[end].back()));
      }
    ASSERT_EQ(collect_of_each(sent[0].size() + sent[1].size()), sent) << "round " << round;
  }
}

TEST_P(EngineTest, ReadsSuperPacketsItself) {
  if (GetParam().kind != EngineKind::kUring || !GetParam().after_bulk) return;
  const std::uint64_t reads = counters_.rearms.get();
  for (int number = 0; number < 50; ++number) {
    ASSERT_TRUE(pairs_[0].send(std::string(20'000, 'x')));
    ASSERT_EQ(collect(1).size(), 1U);
  }
  EXPECT_EQ(counters_.rearms.get(), reads);
  for (int number = 0; number < 70; ++number) {
    ASSERT_TRUE(pairs_[0].send("x"));
    ASSERT_EQ(collect(1).size(), 1U);
  }
  EXPECT_GT(counters_.rearms.get(), reads) << "small packets are the ring's again";
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest,
                         ::testing::Values(EngineCase{"uring", EngineKind::kUring, false},
                                           EngineCase{"uring_bulk", EngineKind::kUring, true},
                                           EngineCase{"syscall", EngineKind::kSyscall, false}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace tunrelay
