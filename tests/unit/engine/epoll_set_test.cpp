// SPDX-License-Identifier: MIT
// Waiting for queues, also where epoll_pwait2() is missing (Linux 5.10) or forbidden.
#include "engine/epoll_set.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <functional>

#include "base/clock.hpp"
#include "support/endpoint_pair.hpp"
#include "support/refused_calls.hpp"

namespace tunrelay {
namespace {

using test::EndpointPair;

/// 0: as this kernel is; otherwise the errno with which epoll_pwait2() fails.
class EpollSetTest : public ::testing::TestWithParam<int> {
 protected:
  static void run_case(const std::function<void()>& body) {
    if (GetParam() == 0) return body();
    test::run_without({test::refused_epoll_pwait2(GetParam())}, body);
  }
};

TEST_P(EpollSetTest, ReportsWhatCanBeReadByItsTag) {
  run_case([] {
    Counter calls;
    EpollSet set(calls);
    const EndpointPair first;
    const EndpointPair second;
    set.add(first.near.get(), 7);
    set.add(second.near.get(), 8);
    std::array<epoll_event, 4> ready{};
    EXPECT_EQ(set.wait(0, ready), 0U);
    ASSERT_TRUE(second.send("x"));
    for (const std::int64_t wait_ns : {std::int64_t{0}, kNanosecondsPerSecond, std::int64_t{-1}}) {
      ASSERT_EQ(set.wait(wait_ns, ready), 1U) << wait_ns;
      EXPECT_EQ(ready[0].data.u32, 8U);
    }
    set.remove(second.near.get());
    EXPECT_EQ(set.wait(0, ready), 0U);
    EXPECT_GT(calls.get(), 0U);
  });
}

TEST_P(EpollSetTest, WaitsForPartsOfAMillisecond) {
  run_case([] {
    Counter calls;
    EpollSet set(calls);
    std::array<epoll_event, 1> ready{};
    constexpr std::int64_t kWaitNs = 200 * kNanosecondsPerMicrosecond;
    constexpr int kWaits = 50;
    const std::int64_t begin_ns = monotonic_ns();
    for (int wait = 0; wait < kWaits; ++wait) EXPECT_EQ(set.wait(kWaitNs, ready), 0U);
    const std::int64_t spent_ns = monotonic_ns() - begin_ns;
    // Rounded down to milliseconds they would take no time; rounded up, five times as long.
    EXPECT_GE(spent_ns, kWaits * kWaitNs);
  });
}

INSTANTIATE_TEST_SUITE_P(Kernels, EpollSetTest, ::testing::Values(0, ENOSYS, EPERM),
                         [](const auto& instance) {
                           if (instance.param == 0) return "AsHere";
                           return instance.param == ENOSYS ? "CallMissing" : "CallForbidden";
                         });

}  // namespace
}  // namespace tunrelay
