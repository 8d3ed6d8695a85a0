// SPDX-License-Identifier: MIT
// A network of the test's own: nothing that it does to links, addresses, routes, rules or
// network sysctls touches the machine, and nothing is left behind when its process ends.
#pragma once

#include <gtest/gtest.h>

namespace tunrelay::test {

/// Gives the calling thread, and the processes and threads that it makes from now on, a new
/// network namespace (lo is up, nothing else is there) and a new mount namespace in which /sys
/// shows that network and /run is empty (so that /run/tunrelay and /run/netns are private).
/// To be called before any thread is started. Throws std::system_error.
void enter_private_network();

/// A fixture whose test runs in a private network; it is skipped (or fails, see skip.hpp)
/// without root or without a usable /dev/net/tun.
class PrivateNetwork : public ::testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace tunrelay::test
