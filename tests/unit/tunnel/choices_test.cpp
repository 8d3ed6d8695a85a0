// SPDX-License-Identifier: MIT
// What a tunnel chooses where nothing is requested.
#include "tunnel/choices.hpp"

#include <gtest/gtest.h>

#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

TEST(Choices, WhatIsRequestedIsTaken) {
  EXPECT_EQ(choose_engine(EngineKind::kSyscall).kind, EngineKind::kSyscall);
  TunnelOptions options;
  options.queues = 3;
  EXPECT_EQ(choose_queues(options), QueueChoice{.count = 3});
  options.busy_poll_ns = 20'000;
  EXPECT_EQ(choose_busy_poll(options).most_ns, 20'000);
  EXPECT_FALSE(choose_busy_poll(options).adaptive);
}

TEST(Choices, TheEngineIsUringWhereItIsAllowed) {
  const EngineChoice choice = choose_engine(std::nullopt);
  EXPECT_EQ(choice.kind == EngineKind::kUring, probe_uring().available);
  EXPECT_EQ(choice.reason.empty(), probe_uring().available);
}

TEST(Choices, AQueueHasFourCpus) {
  EXPECT_EQ(queues_for_cpus(1, {}), QueueChoice{});
  EXPECT_EQ(queues_for_cpus(8, {}), QueueChoice{.count = 2});
  EXPECT_EQ(queues_for_cpus(15, {}), QueueChoice{.count = 3});
  EXPECT_EQ(queues_for_cpus(32, {}), QueueChoice{.count = 8});
  EXPECT_EQ(queues_for_cpus(128, {}), QueueChoice{.count = 8});
}

TEST(Choices, OnFewCpusTheSecondQueueIsForTcpAlone) {
  const QueueChoice two{.count = 2,
                        .spread = SpreadFlows::kTcp,
                        .reason = "for flows of TCP; all else takes queue 0"};
  EXPECT_EQ(queues_for_cpus(2, {}), two);
  EXPECT_EQ(queues_for_cpus(7, {}), two);
  LinkDescription link;
  link.directions[1] = parse_stages({"delay 10ms, loss 1%", ""});
  EXPECT_EQ(queues_for_cpus(2, link), two);
}

TEST(Choices, OnFewCpusALinkWhosePacketsMeetHasOneQueue) {
  LinkDescription link;
  link.directions[1] = parse_stages({"delay 10ms, rate 100mbit", ""});
  EXPECT_EQ(queues_for_cpus(2, link),
            QueueChoice{.reason = "a stage of the link sees all packets of a direction"});
  EXPECT_EQ(queues_for_cpus(8, link), QueueChoice{.count = 2});
}

TEST(Choices, SpinningIsAdaptiveButWhereBatchesAreToGrow) {
  TunnelOptions options;
  EXPECT_TRUE(choose_busy_poll(options).adaptive);
  EXPECT_GT(choose_busy_poll(options).most_ns, 0);
  options.min_wait_ns = 50'000;
  EXPECT_EQ(choose_busy_poll(options).most_ns, 0);
}

}  // namespace
}  // namespace tunrelay
