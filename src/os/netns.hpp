// SPDX-License-Identifier: MIT
// Network namespaces: which one a thread is in, entering another for a while, and the named
// ones under /run/netns that `ip netns` shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// The calling thread's namespace. Throws Error.
FileDescriptor open_current_netns();
/// The one that `ip netns` calls NAME. Throws Error.
FileDescriptor open_named_netns(const std::string& name);

/// The number in "net:[4026531840]": names a namespace as long as it lives. Throws Error.
std::uint64_t netns_inode(int netns_fd);
std::uint64_t current_netns_inode();
/// A number of the calling thread's namespace that the kernel never gives to another one until
/// the next boot, or 0 where the kernel has none (before 5.14). Inode numbers are given again.
std::uint64_t current_netns_cookie() noexcept;

/// The calling thread is in another namespace as long as this lives. Sockets made meanwhile
/// belong there for good; /proc/sys/net shows it meanwhile. Other threads stay where they are.
class NetnsScope {
 public:
  /// Throws Error. Needs CAP_SYS_ADMIN, unless the thread is there already.
  explicit NetnsScope(int netns_fd);
  /// A thread that could not return would change the wrong network: aborts in that case.
  ~NetnsScope();
  NetnsScope(const NetnsScope&) = delete;
  NetnsScope& operator=(const NetnsScope&) = delete;

 private:
  FileDescriptor home_;  ///< not open when there is nowhere to return to
};

/// Throws a usage Error when NAME can't name a namespace: it becomes a file's name.
void check_netns_name(const std::string& name);
/// Sorted. Empty where /run/netns does not exist.
std::vector<std::string> named_netns();
/// Makes a namespace with a name, as `ip netns add` does: it lives until it is deleted. The
/// caller stays in its own namespace. Returns 0 or an errno: EEXIST when the name is taken.
[[nodiscard]] int create_named_netns(const std::string& name) noexcept;
/// Takes the name away, as `ip netns delete` does; the namespace goes when nobody uses it any
/// more. Returns 0 or an errno: ENOENT when there is no such name.
[[nodiscard]] int delete_named_netns(const std::string& name) noexcept;

}  // namespace tunrelay
