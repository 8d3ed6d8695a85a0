// SPDX-License-Identifier: MIT
#include "route/apply/cleanup.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "os/process.hpp"
#include "route/apply/journal.hpp"
#include "route/apply/netns_use.hpp"
#include "route/apply/route_lock.hpp"

namespace tunrelay {
namespace {

class Cleaner {
 public:
  Cleaner(const JournalDirectory& directory, const CleanupOptions& options)
      : directory_(directory), options_(options) {}

  void look_at(const std::string& name) {
    try {
      const JournalReader journal(directory_, name);
      const auto contents = journal.read();
      if (!contents && !journal.is_locked_by_us()) return;
      if (!contents) return journal.remove();  // killed before it did anything
      if (options_.instance && *options_.instance != contents->header.instance) return;
      if (const auto reason = reason_to_leave(journal, *contents))
        report_.left.push_back({name, *reason});
      else if (is_of_this_netns(contents->header))
        restore(journal, *contents);
      else
        forget(journal);
    } catch (const Error& error) {
      // Gone meanwhile: another cleanup was faster.
      if (error.system_errno() != ENOENT) report_.unreadable.push_back({name, error.what()});
    }
  }

  [[nodiscard]] CleanupReport report() && { return std::move(report_); }

 private:
  [[nodiscard]] std::optional<std::string> reason_to_leave(const JournalReader& journal,
                                                           const JournalContents& contents) const {
    const JournalHeader& header = contents.header;
    if (header.boot_id != boot_id()) return std::nullopt;
    if (!journal.is_locked_by_us() || is_alive(header.owner))
      return fmt::format("process {} is at work", header.owner.pid);
    // The number of a namespace that is gone may have come to this one.
    if (header.netns_inode != current_netns_inode() &&
        (options_.this_netns_only || is_netns_in_use(header.netns_inode, header.netns_cookie)))
      return "it belongs to another network namespace";
    // An application that was interrupted was not to stay.
    if (header.persistent && contents.complete && !options_.persistent_too)
      return "its routes are permanent (tunrelay routes remove ends them)";
    return std::nullopt;
  }

  void forget(const JournalReader& journal) {
    journal.remove();
    report_.outdated.push_back(journal.name());
  }

  void restore(const JournalReader& journal, const JournalContents& contents) {
    const FileDescriptor lock = lock_routes(kLeftoverLockLimit);
    Applier applier;
    auto failures =
        undo_steps(applier, contents.steps, read_sibling_steps(directory_, journal.name()));
    if (failures.empty()) {
      journal.remove();
      report_.restored.push_back(contents.header.instance);
    }
    report_.failures.insert(report_.failures.end(), failures.begin(), failures.end());
  }

  const JournalDirectory& directory_;
  const CleanupOptions& options_;
  CleanupReport report_;
};

}  // namespace

CleanupReport clean_up_leftovers(const std::string& directory, const CleanupOptions& options) {
  const auto found = JournalDirectory::open_existing(directory);
  if (!found) return {};
  Cleaner cleaner(*found, options);
  for (const std::string& name : found->journal_names()) cleaner.look_at(name);
  return std::move(cleaner).report();
}

}  // namespace tunrelay
