// SPDX-License-Identifier: MIT
// Signals as something to poll for, and what becomes of those that nobody asked for.
#include "os/signal_watch.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace tunrelay::test {
namespace {

TEST(SignalWatchTest, TellsWhatCame) {
  const SignalWatch watch({SIGUSR1, SIGUSR2});
  EXPECT_FALSE(watch.next());
  std::raise(SIGUSR2);
  EXPECT_EQ(watch.next(), SIGUSR2);
  EXPECT_FALSE(watch.next());
}

TEST(SignalWatchTest, WhatCameTooLateDoesNoHarm) {
  {
    const SignalWatch watch({SIGTERM});
    std::raise(SIGTERM);
  }
  SUCCEED() << "the signal's default action has not ended us";
}

}  // namespace
}  // namespace tunrelay::test
