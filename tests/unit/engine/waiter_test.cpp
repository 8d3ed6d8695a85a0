// SPDX-License-Identifier: MIT
// Waits that end on time, and those that something ends.
#include "engine/waiter.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "support/random.hpp"

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

TEST(WakeLatencyTest, IsEnoughForFourOfFiveSleeps) {
  test::SeededRandom random;
  WakeLatency latency;
  const auto late_ns = [&random] {
    return static_cast<std::int64_t>(random.chance(0.1) ? random.between(80'000, 140'000)
                                                        : random.between(30'000, 50'000));
  };
  for (int sleeps = 0; sleeps < 2'000; ++sleeps) latency.note(late_ns());
  int on_time = 0;
  constexpr int kSleeps = 10'000;
  for (int sleeps = 0; sleeps < kSleeps; ++sleeps) {
    const std::int64_t late = late_ns();
    if (late <= latency.ns()) ++on_time;
    latency.note(late);
  }
  EXPECT_NEAR(static_cast<double>(on_time) / kSleeps, 0.8, 0.05);
  EXPECT_LT(latency.ns(), 60'000) << "it does not follow the latest";
}

TEST(WakeLatencyTest, FollowsAClockThatGetsBetterOrWorse) {
  WakeLatency latency;
  for (int sleeps = 0; sleeps < 1'000; ++sleeps) latency.note(5'000);
  EXPECT_NEAR(static_cast<double>(latency.ns()), 5'000, 500);
  for (int sleeps = 0; sleeps < 200; ++sleeps) latency.note(100'000);
  EXPECT_NEAR(static_cast<double>(latency.ns()), 100'000, 10'000);
}

TEST(SpinBudgetTest, IsATwentiethOfTheTime) {
  SpinBudget budget(true);
  std::int64_t now_ns = 1'000'000'000;
  std::int64_t spun_ns = 0;
  // A deadline each 120 us, which a spin of 60 us would meet.
  const std::int64_t begin_ns = now_ns;
  for (int deadlines = 0; deadlines < 100'000; ++deadlines, now_ns += 120'000) {
    const std::int64_t spin_ns = std::min<std::int64_t>(60'000, budget.left_ns(now_ns));
    budget.spend(spin_ns);
    spun_ns += spin_ns;
  }
  EXPECT_NEAR(static_cast<double>(spun_ns) / static_cast<double>(now_ns - begin_ns), 0.05, 0.002);
}

TEST(SpinBudgetTest, LastsForDeadlinesThatAreRare) {
  SpinBudget budget(true);
  for (std::int64_t now_ns = 1; now_ns < 10'000'000'000; now_ns += 2'000'000) {
    EXPECT_GE(budget.left_ns(now_ns), 60'000);
    budget.spend(60'000);
  }
}

TEST(SpinBudgetTest, WhoAsksForBusyPollingHasNoLimit) {
  SpinBudget budget(false);
  budget.spend(3600 * kNanosecondsPerSecond);
  EXPECT_GE(budget.left_ns(1), 150'000);
}

TEST(WakeLatencyTest, LearnsNothingFromThoseThatSaidNothingOfTheClock) {
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

TEST(WaiterTest, ASleepMayEndWithinTheSlack) {
  Waiter waiter(kNoSpin);
  std::vector<std::int64_t> sleeps;
  int looks = 0;
  const auto look = [&looks] { return ++looks < 0; };
  EXPECT_FALSE(waiter.wait({kWaitNs, kNanosecondsPerMillisecond}, look, [&](std::int64_t sleep_ns) {
    sleeps.push_back(sleep_ns);
    sleep_for(sleep_ns);
    return false;
  }));
  ASSERT_EQ(sleeps.size(), 1U);
  EXPECT_GT(sleeps[0], kWaitNs);
  EXPECT_LT(sleeps[0], kWaitNs + kNanosecondsPerMillisecond);
  EXPECT_EQ(looks, 1) << "nothing is to be spun for";
}

TEST(WaiterTest, WhoAskedForBusyPollingIsOnTime) {
  Waiter waiter({.most_ns = 10'000, .adaptive = false});
  EXPECT_FALSE(
      waiter.wait({kWaitNs, kNanosecondsPerMillisecond}, never, [&](std::int64_t sleep_ns) {
        EXPECT_LT(sleep_ns, kWaitNs);
        return false;
      }));
}

TEST(WaiterTest, WhatComesInASleepEndsTheWait) {
  Waiter waiter(kNoSpin);
  const std::int64_t begin_ns = monotonic_ns();
  EXPECT_TRUE(waiter.wait(3600 * kNanosecondsPerSecond, never, [](std::int64_t) { return true; }));
  EXPECT_LT(monotonic_ns() - begin_ns, 60 * kNanosecondsPerSecond);
}

TEST(WaiterTest, AWaitMayEndBeyondTheClock) {
  Waiter waiter(kNoSpin);
  EXPECT_TRUE(waiter.wait(INT64_MAX, never, [](std::int64_t) { return true; })) << "it sleeps";
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
