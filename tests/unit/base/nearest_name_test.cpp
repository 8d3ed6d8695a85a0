// SPDX-License-Identifier: MIT
// The name that was meant: what counts as near, and what does not.
#include "base/nearest_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tunrelay {
namespace {

const std::vector<std::string> kFlags{"--queues", "--quiet",  "--json",
                                      "--mtu",    "--a-to-b", "--b-to-a"};

TEST(NearestNameTest, FindsOneEditOfEachKind) {
  EXPECT_EQ(nearest_name("--queue", kFlags), "--queues");   // left out
  EXPECT_EQ(nearest_name("--jsson", kFlags), "--json");     // added
  EXPECT_EQ(nearest_name("--quiat", kFlags), "--quiet");    // replaced
  EXPECT_EQ(nearest_name("--quueus", kFlags), "--queues");  // replaced twice
  EXPECT_EQ(nearest_name("--josn", kFlags), "--json");      // swapped
  EXPECT_EQ(nearest_name("--mtu", kFlags), "--mtu");
}

TEST(NearestNameTest, TakesTheNearestOfSeveral) {
  EXPECT_EQ(nearest_name("--a-to-", kFlags), "--a-to-b");
  EXPECT_EQ(nearest_name("--b-toa", kFlags), "--b-to-a");
}

TEST(NearestNameTest, SaysNothingWhenNoneIsNear) {
  EXPECT_EQ(nearest_name("--delay", kFlags), "");
  EXPECT_EQ(nearest_name("-x", kFlags), "");
  EXPECT_EQ(nearest_name("", kFlags), "");
  EXPECT_EQ(nearest_name("--json", std::vector<std::string>{}), "");
}

}  // namespace
}  // namespace tunrelay
