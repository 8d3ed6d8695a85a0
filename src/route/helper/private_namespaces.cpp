// SPDX-License-Identifier: MIT
#include "route/helper/private_namespaces.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "os/file_descriptor.hpp"
#include "os/netns.hpp"

namespace tunrelay {

bool PrivateNamespaces::is_private() const {
  return own_.network != left_.network && netns_inode_of(1) != own_.network;
}

void PrivateNamespaces::empty() const {
  constexpr int kRounds = 400;
  constexpr useconds_t kIntervalUs = 5'000;
  for (int round = 0; round < kRounds && kill_others(); ++round) ::usleep(kIntervalUs);
}

bool PrivateNamespaces::kill_others() const {
  bool found = false;
  for (const pid_t pid : all_processes()) {
    if (::getsid(pid) == ::getsid(0) || !contains(pid)) continue;
    const FileDescriptor process = open_pidfd(pid);
    // Looked at again: behind the pidfd it is one process for good, and it must be the right one.
    if (!process.is_open() || !contains(pid)) continue;
    ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    found = true;
  }
  return found;
}

bool PrivateNamespaces::contains(pid_t pid) const {
  const auto network = netns_inode_of(pid);
  if (!network) return false;  // not ours, or a zombie, which has a user namespace still
  return *network == own_.network ||
         (own_.user != left_.user && lives_in_user_namespace(pid, own_.user));
}

}  // namespace tunrelay
