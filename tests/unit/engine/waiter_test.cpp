// SPDX-License-Identifier: MIT
// Waits that end on time, and those that something ends.
#include "engine/waiter.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <vector>

namespace tunrelay {
namespace {

constexpr BusyPollRule kNoSpin{};
constexpr std::int64_t kWaitNs = 2'000'000;

bool never() {
  return false;
}

void sleep_for(std::int64_t duration_ns) {
  const timespec pause = to_timespec(duration_ns);
  ::nanosleep(&pause, nullptr);
}

TEST(WakeLeadTest, FollowsALaterWakeUpAtOnceAndAnEarlierOneSlowly) {
  WakeLatency lead;
  lead.note(100'000);
  EXPECT_EQ(lead.ns(), 100'000);
  lead.note(0);
  EXPECT_LT(lead.ns(), 100'000);
  EXPECT_GT(lead.ns(), 90'000);
  for (int sleeps = 0; sleeps < 1'000; ++sleeps) lead.note(5'000);
  EXPECT_NEAR(static_cast<double>(lead.ns()), 5'000, 100);
}

TEST(WakeLeadTest, LearnsNothingFromThoseThatSaidNothingOfTheClock) {
  WakeLatency lead;
  const std::int64_t before_ns = lead.ns();
  lead.note(4'000'000);  // another thread had the CPU
  lead.note(-1);         // a signal ended it
  EXPECT_EQ(lead.ns(), before_ns);
}

TEST(WaiterTest, ANoughtOnlyLooks) {
  Waiter waiter(kNoSpin);
  const auto sleep = [](std::int64_t) {
    ADD_FAILURE() << "it slept";
    return false;
  };
  EXPECT_FALSE(waiter.wait(0, never, sleep));
  EXPECT_TRUE(waiter.wait(
      0, [] { return true; }, sleep));
}

TEST(WaiterTest, WithoutALimitTheSleepHasNone) {
  Waiter waiter(kNoSpin);
  std::vector<std::int64_t> sleeps;
  EXPECT_TRUE(waiter.wait(-1, never, [&](std::int64_t sleep_ns) {
    sleeps.push_back(sleep_ns);
    return true;
  }));
  EXPECT_EQ(sleeps, std::vector<std::int64_t>{-1});
}

TEST(WaiterTest, ASleepEndsBeforeTheTimeAndALookFillsTheRest) {
  Waiter waiter(kNoSpin);
  std::vector<std::int64_t> sleeps;
  const std::int64_t begin_ns = monotonic_ns();
  EXPECT_FALSE(waiter.wait(kWaitNs, never, [&](std::int64_t sleep_ns) {
    sleeps.push_back(sleep_ns);
    sleep_for(sleep_ns);
    return false;
  }));
  EXPECT_GE(monotonic_ns() - begin_ns, kWaitNs);
  ASSERT_EQ(sleeps.size(), 1U);
  EXPECT_LT(sleeps[0], kWaitNs);
}

TEST(WaiterTest, WhatComesInASleepEndsTheWait) {
  Waiter waiter(kNoSpin);
  const std::int64_t begin_ns = monotonic_ns();
  EXPECT_TRUE(waiter.wait(3600 * kNanosecondsPerSecond, never, [](std::int64_t) { return true; }));
  EXPECT_LT(monotonic_ns() - begin_ns, 60 * kNanosecondsPerSecond);
}

TEST(WaiterTest, AShortWaitIsNotSlept) {
  Waiter waiter(kNoSpin);
  const std::int64_t begin_ns = monotonic_ns();
  EXPECT_FALSE(waiter.wait(10'000, never, [](std::int64_t) {
    ADD_FAILURE() << "it slept";
    return false;
  }));
  EXPECT_GE(monotonic_ns() - begin_ns, 10'000);
}

TEST(WaiterTest, ASpinIsPartOfTheWait) {
  Waiter waiter({.most_ns = 1'000'000, .adaptive = false});
  std::int64_t slept_ns = 0;
  EXPECT_FALSE(waiter.wait(kWaitNs, never, [&](std::int64_t sleep_ns) {
    slept_ns += sleep_ns;
    return false;
  }));
  EXPECT_LE(slept_ns, kWaitNs - 1'000'000);
}

}  // namespace
}  // namespace tunrelay
