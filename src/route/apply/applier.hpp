// SPDX-License-Identifier: MIT
// Carries out steps, and undoes them: the one place where the routing of a host is changed.
#pragma once

#include <map>
#include <string>

#include "os/file_descriptor.hpp"
#include "os/netlink.hpp"
#include "route/apply/end_socket.hpp"
#include "route/model/step.hpp"

namespace tunrelay {

/// Works in the network namespace in which it was made, and in those that steps name.
/// Not thread-safe; a thread in another namespace may use it.
class Applier {
 public:
  /// SOURCE: who opens sockets in other namespaces; empty: the calling thread. Throws Error.
  explicit Applier(EndSocketSource source = {});

  /// 0 or an errno. 0 also where an optional step was refused, and where a shared one was done
  /// by another tunnel already. Never throws: a socket that fails gives its errno.
  [[nodiscard]] int perform(const Step& step) noexcept;
  /// 0 or an errno. What is undone already (or went with its device) counts as done, so it may
  /// be called again, also for a step that was never performed.
  [[nodiscard]] int undo(const Step& step) noexcept;
  /// Of the last answer; often empty.
  [[nodiscard]] const std::string& kernel_message() const noexcept { return kernel_message_; }

  /// A socket in the namespace NETNS (empty: home). A namespace lives as long as one is open.
  /// Throws Error.
  NetlinkSocket& socket(const std::string& netns);
  void close_socket(const std::string& netns) { sockets_.erase(netns); }
  /// Of all namespaces: a child must not read what was answered to its parent.
  void close_sockets() noexcept { sockets_.clear(); }
  /// The namespace in which it was made.
  [[nodiscard]] int home_netns_fd() const noexcept { return home_netns_.get(); }

 private:
  template <typename Work>
  int in_namespace(const std::string& netns, const Work& work);
  int perform_change(const Change& change, const std::string& netns);
  int undo_step(const Step& step);
  int move(const MoveInterface& change);
  int set_sysctl(const SetSysctl& change, const std::string& netns);
  int restore_sysctl(const Step& step, const SetSysctl& undo);
  template <typename Work>
  int guarded(const Work& work) noexcept;

  EndSocketSource source_;
  FileDescriptor home_netns_;
  std::map<std::string, NetlinkSocket> sockets_;
  std::string kernel_message_;
};

}  // namespace tunrelay
