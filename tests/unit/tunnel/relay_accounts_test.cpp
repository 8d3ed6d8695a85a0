// SPDX-License-Identifier: MIT
// From when on a relay's packets count, over socketpairs.
#include "tunnel/relay_accounts.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/socket_device.hpp"

namespace tunrelay {
namespace {

using test::SocketDevice;
using test::udp_frame;

class RelayAccountsTest : public ::testing::Test {
 protected:
  RelayAccountsTest() { relay_.start(); }

  void carry(std::size_t queue) {
    ASSERT_TRUE(a_.send(queue, udp_frame("there")));
    ASSERT_EQ(b_.receive(queue), udp_frame("there"));
  }

  SocketDevice a_{2};
  SocketDevice b_{2};
  Relay relay_{test::socket_relay(a_, b_, EngineKind::kSyscall)};
};

TEST_F(RelayAccountsTest, WhatCameBeforeDoesNotCount) {
  carry(0);
  carry(1);
  int begun = 0;
  const RelayAccounts accounts(relay_, [&] { ++begun; });
  EXPECT_EQ(begun, 1);
  carry(1);
  relay_.refresh();
  TunnelReport report;
  accounts.fill_in(report);
  ASSERT_EQ(report.workers.size(), 2U);
  EXPECT_EQ(report.workers[0].lanes[0].read.packets, 0U);
  EXPECT_EQ(report.workers[1].lanes[0].read.packets, 1U);
  EXPECT_EQ(report.lanes[0].read, (Tally{1, 1, 33}));
  EXPECT_EQ(report.lanes[0].written, (Tally{1, 1, 33}));
  EXPECT_EQ(report.lanes[1].read.packets, 0U);
}

TEST_F(RelayAccountsTest, TrafficThatNeverEndsIsNotWaitedForForever) {
  std::atomic<bool> stopping{false};
  std::thread sender([&] {
    while (!stopping)
      if (a_.send(0, udp_frame("more"))) static_cast<void>(b_.receive(0, 10));
  });
  int begun = 0;
  const RelayAccounts accounts(relay_, [&] { ++begun; });
  stopping = true;
  sender.join();
  EXPECT_EQ(begun, 1);
}

}  // namespace
}  // namespace tunrelay
