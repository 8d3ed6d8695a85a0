// SPDX-License-Identifier: MIT
// The kernel's counters of sockets: the two forms of its tables, and this machine's own.
#include "metrics/socket_counters.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace tunrelay {
namespace {

constexpr std::string_view kTable =
    "Ip: Forwarding DefaultTTL\n"
    "Ip: 2 64\n"
    "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n"
    "Udp: 100 1 2 101 3\n"
    "UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n"
    "UdpLite: 0 0 0 0 9\n";

TEST(SocketCounters, AreFoundInTables) {
  EXPECT_EQ(counter_in_table(kTable, "Udp", "RcvbufErrors"), 3U);
  EXPECT_EQ(counter_in_table(kTable, "Udp", "InDatagrams"), 100U);
  EXPECT_EQ(counter_in_table(kTable, "UdpLite", "RcvbufErrors"), 9U);
  EXPECT_EQ(counter_in_table(kTable, "Udp", "NoSuchName"), 0U);
  EXPECT_EQ(counter_in_table(kTable, "Tcp", "RetransSegs"), 0U);
  EXPECT_EQ(counter_in_table("Udp: InDatagrams", "Udp", "InDatagrams"), 0U) << "cut off";
  EXPECT_EQ(counter_in_table("", "Udp", "InDatagrams"), 0U);
}

TEST(SocketCounters, AreFoundInLists) {
  constexpr std::string_view kList = "Udp6InDatagrams \t7\nUdp6RcvbufErrors\t 8\n";
  EXPECT_EQ(counter_in_list(kList, "Udp6RcvbufErrors"), 8U);
  EXPECT_EQ(counter_in_list(kList, "Udp6"), 0U);
  EXPECT_EQ(counter_in_list("", "Udp6"), 0U);
}

TEST(SocketCounters, AddUpAndGoBack) {
  SocketCounters sum{1, 2, 3};
  sum += {10, 20, 30};
  EXPECT_EQ(sum, (SocketCounters{11, 22, 33}));
  sum -= {10, 20, 30};
  EXPECT_EQ(sum, (SocketCounters{1, 2, 3}));
}

}  // namespace
}  // namespace tunrelay
