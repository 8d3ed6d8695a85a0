// SPDX-License-Identifier: MIT
#include "route/helper/janitor.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "os/signal_block.hpp"
#include "route/helper/janitor_process.hpp"

namespace tunrelay {

Janitor::Janitor(const JanitorDuty& duty) {
  std::array<int, 2> ends{};
  check_system_call(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "make",
                    "a socket pair to the janitor");
  FileDescriptor own(ends[0]);
  FileDescriptor peer(ends[1]);
  // Opened before the fork: the child could do it too late, for the next process of that number.
  FileDescriptor self = open_pidfd(::getpid());
  // Held back until the child is deaf to it, a signal to both can't end the janitor at its birth.
  const SignalBlock block;
  pid_ = check_system_call(::fork(), "start", "the janitor");
  if (pid_ == 0) {
    own.reset();
    be_janitor(duty, std::move(self), std::move(peer));
  }
  link_ = std::make_unique<HelperLink>(std::move(own));
}

void Janitor::dismiss() noexcept {
  if (pid_ <= 0) return;
  // The first one may have been killed long ago, and those after it are not our children. One that
  // is stopped is not waited for.
  const int options = link_->dismiss() ? 0 : WNOHANG;
  while (::waitpid(pid_, nullptr, options) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

}  // namespace tunrelay
