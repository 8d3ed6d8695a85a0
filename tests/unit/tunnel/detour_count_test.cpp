// SPDX-License-Identifier: MIT
// What is counted between two proofs of the path.
#include "tunnel/detour_count.hpp"

#include <gtest/gtest.h>

namespace tunrelay {
namespace {

TEST(DetourCount, CountsFromTheLastProofBeforeABreakToTheFirstAfter) {
  DetourCount count;
  count.book(true, 1'000);
  count.begin();
  EXPECT_EQ(count.total(), 0U) << "what was before is not ours";
  count.book(true, 1'500);
  EXPECT_EQ(count.total(), 0U) << "the path was whole";
  count.book(false, 1'510);
  EXPECT_EQ(count.newest(), 10U);
  count.book(false, 1'530);
  EXPECT_EQ(count.newest(), 30U);
  EXPECT_EQ(count.total(), 30U);
  count.book(true, 1'531);
  EXPECT_EQ(count.newest(), 31U);
  EXPECT_EQ(count.total(), 31U);
  count.book(true, 2'000);
  EXPECT_EQ(count.newest(), 0U);
  EXPECT_EQ(count.total(), 31U);
  count.book(false, 2'005);
  EXPECT_EQ(count.total(), 36U);
}

}  // namespace
}  // namespace tunrelay
