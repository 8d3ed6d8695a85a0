// SPDX-License-Identifier: MIT
// Who lives in namespaces that go with a tunnel, and is ended with it.
#pragma once

#include <sys/types.h>

#include "os/process.hpp"

namespace tunrelay {

/// Those in which the calling process is, which somebody made when leaving others.
class PrivateNamespaces {
 public:
  explicit PrivateNamespaces(const ProcessNamespaces& left) : left_(left) {}

  /// Kills are for a namespace that nobody else lives in.
  [[nodiscard]] bool is_private() const;
  /// Kills all but the processes of the calling one's session, until nobody is left, for two
  /// seconds at most.
  void empty() const;

 private:
  /// One round; whether somebody was there.
  [[nodiscard]] bool kill_others() const;
  [[nodiscard]] bool contains(pid_t pid) const;

  ProcessNamespaces left_;
  ProcessNamespaces own_ = own_namespaces();
};

}  // namespace tunrelay
