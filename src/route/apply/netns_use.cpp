// SPDX-License-Identifier: MIT
#include "route/apply/netns_use.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"
#include "os/netns.hpp"
#include "os/process.hpp"
#include "os/text_file.hpp"

namespace tunrelay {
namespace {

/// The inode that /proc/PID/NAME leads to, or 0 with errno.
ino_t inode_at(pid_t pid, const char* name) {
  struct stat status {};
  return ::stat(fmt::format("/proc/{}/{}", pid, name).c_str(), &status) == 0 ? status.st_ino : 0;
}

/// Differs by network namespace, as the namespace's own number does, and may always be read:
/// each has files of its own under /proc/PID/net (fs/proc/proc_net.c).
ino_t net_files_of(pid_t pid) {
  return inode_at(pid, "net/dev");
}

/// A named namespace is a mount whose root is "net:[4026531840]" (proc(5), mountinfo).
bool sees_it_mounted(pid_t pid, std::uint64_t inode) {
  const std::string mounts = read_text_file(fmt::format("/proc/{}/mountinfo", pid)).value_or("");
  return mounts.find(fmt::format(" net:[{}] ", inode)) != std::string::npos;
}

/// The number of a namespace that is gone may have come to another one, the cookie not.
bool lives_under(pid_t pid, std::uint64_t cookie) {
  const FileDescriptor netns(
      ::open(fmt::format("/proc/{}/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns.is_open() || cookie == 0) return true;
  try {
    const NetnsScope scope(netns.get());
    const std::uint64_t found = current_netns_cookie();
    return found == 0 || found == cookie;
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

bool is_netns_in_use(std::uint64_t inode, std::uint64_t cookie) {
  std::set<ino_t> visible_net_files;
  std::set<ino_t> hidden_net_files;
  std::set<ino_t> mount_namespaces;
  for (const pid_t pid : all_processes()) {
    const ino_t netns = inode_at(pid, "ns/net");
    if (netns == 0 && errno != EACCES && errno != EPERM) continue;  // it has ended
    const ino_t net_files = net_files_of(pid);
    if (netns == 0) {
      hidden_net_files.insert(net_files);
      continue;
    }
    // All that have this number live in the same one.
    if (netns == inode) return lives_under(pid, cookie);
    visible_net_files.insert(net_files);
    if (mount_namespaces.insert(inode_at(pid, "ns/mnt")).second && sees_it_mounted(pid, inode))
      return true;
  }
  return !std::includes(visible_net_files.begin(), visible_net_files.end(),
                        hidden_net_files.begin(), hidden_net_files.end());
}

}  // namespace tunrelay
