// SPDX-License-Identifier: MIT
// Without an owner, any user who may open the tun node can attach a queue to root's device on most
// kernels, and gets a share of its packets. TUNSETOWNER shuts that door.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

constexpr uid_t kNobody = 65534;
// The fixture's /run is this test's own, so the node that all may open is seen by nobody else.
constexpr const char* kOpenNode = "/run/tun";

class OwnerTest : public TunTest {};

/// What a process of user nobody, without any capability, gets when it requests a queue: 0 or
/// the errno.
int attach_as_nobody(const std::string& name) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(255);
    const int node = ::open(kOpenNode, O_RDWR);
    if (node < 0) ::_exit(254);
    ::_exit(attach_tun(node, name, IFF_MULTI_QUEUE));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(OwnerTest, KeepsOtherUsersOut) {
  const FileDescriptor queue = open_tun("tun0", IFF_MULTI_QUEUE);
  ASSERT_EQ(::mknod(kOpenNode, S_IFCHR, makedev(10, 200)), 0);
  ASSERT_EQ(::chmod(kOpenNode, 0666), 0);
  // Without an owner anybody may attach, or nobody: 6.12 of Debian 13.
  EXPECT_THAT(attach_as_nobody("tun0"), ::testing::AnyOf(0, EPERM));
  ASSERT_EQ(::ioctl(queue.get(), TUNSETOWNER, 0), 0);
  EXPECT_EQ(attach_as_nobody("tun0"), EPERM);
}

}  // namespace
}  // namespace tunrelay::test
