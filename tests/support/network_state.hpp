// SPDX-License-Identifier: MIT
// The network state of this namespace as text, for "nothing is left behind": taken before,
// taken after, compared. What moves by itself (life times, counters, indexes) is left out.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace tunrelay::test {

/// One line an item, sorted: links, addresses, rules and routes of all tables (IPv4 and IPv6),
/// the sysctls of forwarding, of local binding, and of every interface. Waits, ten seconds at most,
/// while the kernel still has work of its own to do: it checks new IPv6 addresses and draws its
/// conclusions from a carrier later, by a worker thread that a busy machine holds up.
/// Throws std::runtime_error when `ip` fails.
std::string network_state();

/// Success when both are equal; otherwise the lines that went (-) and that came (+):
///   EXPECT_TRUE(same_network_state(before, network_state()));
::testing::AssertionResult same_network_state(const std::string& before, const std::string& after);

}  // namespace tunrelay::test
