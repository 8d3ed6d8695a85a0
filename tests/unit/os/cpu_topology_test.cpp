// SPDX-License-Identifier: MIT
// Which CPUs workers get, and how a list of CPUs is read.
#include "os/cpu_topology.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"

namespace tunrelay {
namespace {

cpu_set_t allowed_set() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  return set;
}

TEST(CpuTopology, OffersEachAllowedCpuOnce) {
  const std::vector<int> cpus = cpus_for_workers();
  const cpu_set_t allowed = allowed_set();
  EXPECT_EQ(cpus.size(), static_cast<std::size_t>(CPU_COUNT(&allowed)));
  EXPECT_EQ(std::set<int>(cpus.begin(), cpus.end()).size(), cpus.size());
  for (int cpu : cpus) EXPECT_TRUE(CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) << cpu;
}

TEST(CpuTopology, ObeysAShrunkCpuset) {
  const cpu_set_t before = allowed_set();
  const int last = cpus_for_workers().back();
  ASSERT_TRUE(pin_this_thread(last));
  EXPECT_EQ(cpus_for_workers(), std::vector<int>{last});
  EXPECT_EQ(current_cpu(), last);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(CpuTopology, RefusesACpuThatIsNotThere) {
  EXPECT_FALSE(pin_this_thread(1023));
}

TEST(CpuList, ReadsNumbersAndRanges) {
  EXPECT_EQ(parse_cpu_list("0,2-4"), (std::vector<int>{0, 2, 3, 4}));
  EXPECT_EQ(parse_cpu_list("3,1"), (std::vector<int>{3, 1}));
  EXPECT_EQ(parse_cpu_list("1,1-2"), (std::vector<int>{1, 2}));
}

TEST(CpuList, RefusesNonsense) {
  for (const char* text : {"", "a", "1,", "3-1", "-1", "1 2", "99999"})
    EXPECT_THROW(parse_cpu_list(text), Error) << text;
}

}  // namespace
}  // namespace tunrelay
