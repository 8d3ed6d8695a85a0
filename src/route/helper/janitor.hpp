// SPDX-License-Identifier: MIT
// The janitor: processes beside a tunnel that have the rights to change the network when it has
// none any more. One waits for the tunnel's death: when it is killed and its journal is still
// there, that is undone. A tunnel that has ended in order dismisses it.
//
// Once a plan is handed over there are two. The helper does what the tunnel asks for: a repair, the
// end (helper_protocol.hpp has all of it). The janitor keeps a helper: whichever of the two is
// killed, the other starts another one, which the tunnel could not do without rights. So it takes
// who kills both at once to lose them.
//
// In `ps` they are "tunrelay-janito" and "tunrelay-helper": the kernel keeps 15 characters.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/process.hpp"
#include "route/helper/helper_link.hpp"

namespace tunrelay {

struct JanitorDuty {
  std::string journal_directory{};  ///< empty: there is nothing to restore
  std::string instance{};
  /// This process's network namespace is private, made when it left these: kill all that still
  /// lives in it, and in its user namespace if that is new too. Nobody is killed where process 1
  /// lives, or where nothing was left.
  std::optional<ProcessNamespaces> left_namespaces{};
  std::vector<std::string> socket_paths{};  ///< sockets that go with the tunnel
  /// In the child: gives up what the rest does not need; empty: it keeps what this process has.
  std::function<void()> confine{};
};

class Janitor {
 public:
  /// Forks. Start it while the process has one thread alone: the child uses memory allocation
  /// and streams, whose locks another thread could hold at the fork. It keeps the privileges
  /// that the process has now, but for what DUTY's confine() gives up. Throws Error.
  explicit Janitor(const JanitorDuty& duty);
  /// Leaves it waiting for this process's death, unless it was dismissed.
  ~Janitor() = default;
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  [[nodiscard]] HelperLink& link() noexcept { return *link_; }
  /// Everything is undone: its processes end at once, and are waited for.
  void dismiss() noexcept;
  /// The first one's number.
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  std::unique_ptr<HelperLink> link_;
  pid_t pid_ = -1;
};

}  // namespace tunrelay
