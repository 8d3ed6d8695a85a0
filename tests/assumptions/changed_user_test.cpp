// SPDX-License-Identifier: MIT
// Root's process that becomes an ordinary user's opens again what it has open, although it can't
// be traced by that user; and it reaches no process that is root's still: neither by a signal nor
// by the parent-death signal (so exec's init has a line, tunnel/private_command.cpp).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

constexpr unsigned kSomebody = 61234;

bool becomes_somebody() {
  return ::setresgid(kSomebody, kSomebody, kSomebody) == 0 &&
         ::setresuid(kSomebody, kSomebody, kSomebody) == 0;
}

TEST(ChangedUserTest, OpensItsOwnDescriptorsAgainThoughItCantBeTraced) {
  if (::geteuid() != 0) return skip_or_fail("it takes root to change a user");
  const pid_t child = ::fork();
  if (child == 0) {
    const int memory = ::memfd_create("of root", MFD_CLOEXEC);
    const std::string path = "/proc/self/fd/" + std::to_string(memory);
    if (!becomes_somebody() || ::prctl(PR_SET_DUMPABLE, 0) != 0) ::_exit(2);
    ::_exit(::open(path.c_str(), O_RDONLY | O_CLOEXEC) < 0 ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ChangedUserTest, ReachesNoProcessThatIsRootsBySignalsNorByItsDeath) {
  if (::geteuid() != 0) return skip_or_fail("it takes root to change a user");
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int parent_number = ::getppid();
      while (::getppid() == parent_number) ::usleep(1'000);
      ::usleep(20'000);
      [[maybe_unused]] const ssize_t written = ::write(ends[1], "l", 1);
      ::_exit(0);
    }
    ::usleep(20'000);
    if (!becomes_somebody()) ::_exit(2);
    ::_exit(::kill(child, SIGTERM) == -1 && errno == EPERM ? 0 : 1);
  }
  ::close(ends[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_EQ(status, 0);
  char lived = 0;
  EXPECT_EQ(::read(ends[0], &lived, 1), 1) << "the child was killed with its parent";
  ::close(ends[0]);
}

}  // namespace
}  // namespace tunrelay::test
