// SPDX-License-Identifier: MIT
// What tunnels that were killed have left behind, undone: by `tunrelay cleanup`, at the start of
// the next tunnel, and by the janitor. It needs neither the devices nor the process that made
// the changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "route/apply/journal_directory.hpp"
#include "route/apply/undo.hpp"

namespace tunrelay {

struct CleanupOptions {
  /// Undo also permanent routes (`routes apply`), once its owner has ended.
  bool persistent_too = false;
  /// Only the journal of this tunnel.
  std::optional<std::string> instance{};
  /// No journal of another network namespace, be that gone or not: who may not look into other
  /// processes can't know.
  bool this_netns_only = false;
};

/// Why a journal was left as it is.
struct JournalLeft {
  std::string name{};
  std::string reason{};
};

struct CleanupReport {
  std::vector<std::string> restored{};  ///< tunnels whose changes were undone
  std::vector<std::string> outdated{};  ///< journals of another boot, or of a network that is gone
  std::vector<JournalLeft> left{};      ///< at work, to stay, or in another network namespace
  std::vector<JournalLeft> unreadable{};  ///< journals that make no sense to this program
  std::vector<UndoFailure> failures{};    ///< what could not be undone; its journal stays

  [[nodiscard]] bool is_clean() const noexcept { return unreadable.empty() && failures.empty(); }
};

/// Looks at every journal in DIRECTORY that speaks of the calling thread's network namespace.
/// May be repeated, and run by several processes at once. Throws Error when the directory can't
/// be read; that it is not there is no error.
CleanupReport clean_up_leftovers(const std::string& directory, const CleanupOptions& options = {});

}  // namespace tunrelay
