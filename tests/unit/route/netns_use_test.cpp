// SPDX-License-Identifier: MIT
// When a network namespace counts as gone. Root.
#include "route/apply/netns_use.hpp"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "os/netns.hpp"
#include "os/process.hpp"
#include "route_network.hpp"
#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

constexpr std::uint64_t kNobodys = 1;  // no namespace has that number

class NetnsUseTest : public RouteNetwork {
 protected:
  /// Runs ASK as the first process of a PID namespace, where it sees its children alone; what it
  /// returns must be true.
  template <typename Check>
  static void expect_among_few(const Check& check) {
    const pid_t outer = ::fork();
    if (outer == 0) {
      if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) ::_exit(10);
      const pid_t inner = ::fork();
      if (inner == 0) {
        if (::mount("proc", "/proc", "proc", 0, nullptr) != 0) ::_exit(11);
        ::_exit(check() ? 0 : 12);
      }
      int status = 0;
      ::waitpid(inner, &status, 0);
      ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 13);
    }
    int status = 0;
    ::waitpid(outer, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  /// A process that waits, in a network namespace of its own if NEW_NETWORK; it ends with us.
  static pid_t start_waiting(bool new_network) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) ::_exit(14);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (new_network && ::unshare(CLONE_NEWNET) != 0) ::_exit(15);
      [[maybe_unused]] const ssize_t written = ::write(ends[1], "r", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    [[maybe_unused]] const ssize_t got = ::read(ends[0], &byte, 1);
    return pid;
  }
  /// From here on this process may not see where others live that have more capabilities.
  static void drop_ptrace_capability() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) ::_exit(16);
    data[0].effective &= ~(1U << CAP_SYS_PTRACE);
    data[0].permitted &= ~(1U << CAP_SYS_PTRACE);
    if (::syscall(SYS_capset, &header, data.data()) != 0) ::_exit(17);
  }
};

TEST_F(NetnsUseTest, AProcessOrANameUsesIt) {
  ASSERT_EQ(create_named_netns("other"), 0);
  const std::uint64_t named = netns_inode(open_named_netns("other").get());
  expect_among_few([named] {
    return is_netns_in_use(current_netns_inode(), current_netns_cookie()) &&
           is_netns_in_use(named, 0) && !is_netns_in_use(kNobodys, 0);
  });
  EXPECT_EQ(delete_named_netns("other"), 0);
}

TEST_F(NetnsUseTest, AHiddenProcessInAKnownNamespaceIsNoneElsewhere) {
  expect_among_few([] {
    const pid_t hidden = start_waiting(false);
    drop_ptrace_capability();
    return !netns_inode_of(hidden) && !is_netns_in_use(kNobodys, 0);
  });
}

TEST_F(NetnsUseTest, AHiddenProcessInAnotherNamespaceMayLiveAnywhere) {
  expect_among_few([] {
    const pid_t hidden = start_waiting(true);
    drop_ptrace_capability();
    return !netns_inode_of(hidden) && is_netns_in_use(kNobodys, 0);
  });
}

TEST_F(NetnsUseTest, ANumberThatWasGivenAgainIsNotTheOldNamespace) {
  if (current_netns_cookie() == 0) return skip_or_fail("this kernel has no cookies of namespaces");
  expect_among_few([] {
    const auto other = netns_inode_of(start_waiting(true));
    return other && is_netns_in_use(*other, 0) && !is_netns_in_use(*other, current_netns_cookie());
  });
}

TEST_F(NetnsUseTest, ANameInAnotherMountNamespaceUsesIt) {
  expect_among_few([] {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return false;
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          create_named_netns("far") != 0)
        ::_exit(18);
      const std::uint64_t inode = netns_inode(open_named_netns("far").get());
      [[maybe_unused]] const ssize_t written = ::write(ends[1], &inode, sizeof inode);
      for (;;) ::pause();
    }
    std::uint64_t inode = 0;
    return ::read(ends[0], &inode, sizeof inode) == static_cast<ssize_t>(sizeof inode) &&
           is_netns_in_use(inode, 0);
  });
}

}  // namespace
}  // namespace tunrelay::test
