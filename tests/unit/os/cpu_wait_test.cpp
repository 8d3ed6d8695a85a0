// SPDX-License-Identifier: MIT
// Waiting for a CPU is distinguished from other waiting.
#include "os/cpu_wait.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "support/busy_threads.hpp"

namespace tunrelay {
namespace {

constexpr std::chrono::milliseconds kTime{300};

TEST(CpuWaitTest, AThreadThatSleepsDoesNotWait) {
  const CpuWait wait;
  std::this_thread::sleep_for(kTime);
  EXPECT_LT(wait.waited_ns(), std::chrono::nanoseconds(kTime).count() / 2);
}

TEST(CpuWaitTest, ThreadsThatShareACpuWaitForIt) {
  const CpuWait wait;
  const test::BusyThreads threads(4);
  std::this_thread::sleep_for(kTime);
  EXPECT_TRUE(wait.is_long());
  EXPECT_GT(wait.waited_ns(), std::chrono::nanoseconds(kTime).count());
  EXPECT_THAT(wait.to_string(), ::testing::StartsWith("the host is busy: this process waited "));
}

}  // namespace
}  // namespace tunrelay
