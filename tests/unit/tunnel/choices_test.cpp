// SPDX-License-Identifier: MIT
// What a tunnel chooses where nothing is requested.
#include "tunnel/choices.hpp"

#include <gtest/gtest.h>

#include "os/cpu_topology.hpp"

namespace tunrelay {
namespace {

TEST(Choices, WhatIsRequestedIsTaken) {
  EXPECT_EQ(choose_engine(EngineKind::kSyscall).kind, EngineKind::kSyscall);
  TunnelOptions options;
  options.queues = 3;
  EXPECT_EQ(choose_queues(options), 3U);
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
  TunnelOptions options;
  options.a.device = "no-such-a";
  options.b.device = "no-such-b";
  const std::size_t cpus = cpus_for_workers().size();
  const std::size_t queues = choose_queues(options);
  EXPECT_GE(queues, 1U);
  EXPECT_LE(queues, 8U);
  if (cpus < 8) {
    EXPECT_EQ(queues, 1U);
  }
  if (cpus >= 32) {
    EXPECT_EQ(queues, 8U);
  }
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
