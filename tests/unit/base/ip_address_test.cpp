// SPDX-License-Identifier: MIT
// Addresses and prefixes: reading, printing, containing.
#include "base/ip_address.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tunrelay {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(IpAddress::parse("192.168.13.1").to_string(), "192.168.13.1");
  EXPECT_EQ(IpAddress::parse("fd13::1").to_string(), "fd13::1");
  EXPECT_TRUE(IpAddress::parse("192.168.13.1").is_ipv4());
  EXPECT_FALSE(IpAddress::parse("fd13::1").is_ipv4());
  EXPECT_EQ(IpAddress::parse("192.168.13.1").bytes().size(), 4U);
  EXPECT_EQ(IpAddress::parse("fd13::1").bytes().size(), 16U);
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const char* text : {"", "192.168.13", "192.168.13.256", "fd13:::1", "tun0", "1.2.3.4/24"})
    EXPECT_THROW(IpAddress::parse(text), Error) << text;
}

TEST(IpPrefix, KeepsTheHostBits) {
  const IpPrefix prefix = IpPrefix::parse("192.168.13.1/24");
  EXPECT_EQ(prefix.to_string(), "192.168.13.1/24");
  EXPECT_EQ(prefix.network().to_string(), "192.168.13.0/24");
  EXPECT_EQ(IpPrefix::parse("fd13::1/64").network().to_string(), "fd13::/64");
  EXPECT_EQ(IpPrefix::parse("10.0.0.1").length, 32);
  EXPECT_EQ(IpPrefix::parse("fd13::1").length, 128);
}

TEST(IpPrefix, RefusesBadLengths) {
  for (const char* text : {"10.0.0.1/33", "fd13::1/129", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/8x"})
    EXPECT_THROW(IpPrefix::parse(text), Error) << text;
}

TEST(IpPrefix, ContainsAndOverlaps) {
  const IpPrefix net = IpPrefix::parse("192.168.13.0/23");
  EXPECT_TRUE(net.contains(IpAddress::parse("192.168.12.7")));
  EXPECT_FALSE(net.contains(IpAddress::parse("192.168.14.7")));
  EXPECT_FALSE(net.contains(IpAddress::parse("fd13::1")));
  EXPECT_TRUE(net.overlaps(IpPrefix::parse("192.168.13.128/25")));
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0").overlaps(net));
  EXPECT_FALSE(net.overlaps(IpPrefix::parse("::/0")));
  EXPECT_FALSE(IpPrefix::parse("10.0.0.0/9").overlaps(IpPrefix::parse("10.128.0.0/9")));
}

}  // namespace
}  // namespace tunrelay
