// SPDX-License-Identifier: MIT
// A thread that becomes another user's, and the others that do not. In processes of their own,
// since such a one can't be traced or dumped any more.
#include "sandbox/thread_user.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <thread>

#include "sandbox/capabilities.hpp"
#include "sandbox/thread_sandbox.hpp"
#include "support/sanitizer.hpp"
#include "support/skip.hpp"
#include "support/thread_status.hpp"

namespace tunrelay {
namespace {

const UserIdentity kSomebody{
    .name = "61234:61235", .uid = 61234, .gid = 61235, .groups = {61235, 61236}};

using Check = std::function<bool()>;

/// Whether CHECK holds in a child, which says what does not.
bool holds_in_child(const Check& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool has(const test::ThreadStatus& status, const std::string& key, const std::string& value) {
  if (status.at(key).starts_with(value)) return true;
  std::cerr << key << " is '" << status.at(key) << "', not '" << value << "'\n";
  return false;
}

test::ThreadStatus own_status() {
  return test::read_status("/proc/thread-self/status");
}

bool is_somebody(const test::ThreadStatus& status) {
  return has(status, "Uid", "61234\t61234\t61234\t61234") &&
         has(status, "Gid", "61235\t61235\t61235\t61235") && has(status, "Groups", "61235 61236");
}

class ThreadUserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!may_change_user()) test::skip_or_fail("it takes root to change a user");
  }
};

TEST_F(ThreadUserTest, ItAloneIsTheUsersWithNothingLeftToGoBackBy) {
  EXPECT_TRUE(holds_in_child([] {
    test::ThreadStatus changed;
    std::thread([&] {
      if (try_to_become_user(kSomebody, false) == 0) changed = own_status();
    }).join();
    return is_somebody(changed) && has(changed, "CapPrm", "0000000000000000") &&
           has(changed, "CapBnd", "0000000000000000") && has(own_status(), "Uid", "0\t0\t0\t0");
  }));
}

TEST_F(ThreadUserTest, ItKeepsItsCapabilitiesForTheSandboxToTake) {
  EXPECT_TRUE(holds_in_child([] {
    const std::string before = own_status().at("CapEff");
    if (try_to_become_user(kSomebody, true) != 0) return false;
    const test::ThreadStatus changed = own_status();
    return is_somebody(changed) && has(changed, "CapEff", before) && has(changed, "CapPrm", before);
  }));
}

TEST_F(ThreadUserTest, OneThatIsItAlreadyNeedsNoRightToBecomeIt) {
  EXPECT_TRUE(holds_in_child([] {
    return try_to_become_user(kSomebody, false) == 0 && is_user(kSomebody) && !may_change_user() &&
           try_to_become_user(kSomebody, false) == 0;
  }));
  EXPECT_TRUE(holds_in_child(
      [] { return keep_capabilities({}) == 0 && try_to_become_user(kSomebody, true) == EPERM; }));
}

TEST_F(ThreadUserTest, WhatItsParentsDeathMeansStaysAndNobodyLooksIntoIt) {
  EXPECT_TRUE(holds_in_child([] {
    ::prctl(PR_SET_PDEATHSIG, SIGUSR1);
    int signal = 0;
    return try_to_become_user(kSomebody, true) == 0 && ::prctl(PR_GET_PDEATHSIG, &signal) == 0 &&
           signal == SIGUSR1 && ::prctl(PR_GET_DUMPABLE) == 0;
  }));
}

#ifndef TUNRELAY_UNDER_SANITIZER
TEST_F(ThreadUserTest, AConfinedThreadIsTheUsersToo) {
  EXPECT_TRUE(holds_in_child([] {
    test::ThreadStatus seen;
    std::atomic<int> tid = 0;
    std::promise<void> looked;
    std::thread confined([&, has_looked = looked.get_future()]() mutable {
      give_up_rights(ThreadKind::kRecorder, {.is_confined = true, .user = kSomebody});
      tid = ::gettid();
      tid.notify_one();
      has_looked.wait();
    });
    tid.wait(0);
    seen = test::read_status("/proc/self/task/" + std::to_string(tid) + "/status");
    looked.set_value();
    confined.join();
    return is_somebody(seen) && has(seen, "CapBnd", "0000000000000000") &&
           has(seen, "Seccomp", "2") && has(seen, "NoNewPrivs", "1");
  }));
}
#endif

}  // namespace
}  // namespace tunrelay
