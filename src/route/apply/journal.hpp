// SPDX-License-Identifier: MIT
// The journal of one tunnel: every change of the host's routing is written here, with its undo,
// and is on disk before the request to the kernel. Whatever ends the tunnel, what it leaves behind
// can be undone by somebody who has nothing but this file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"
#include "route/apply/journal_directory.hpp"
#include "route/apply/journal_format.hpp"

namespace tunrelay {

/// Locked as long as it lives: a second tunnel of the same name in this namespace is refused.
/// Not thread-safe.
class Journal {
 public:
  /// For the calling thread's network namespace. INSTANCE names the tunnel: letters, digits,
  /// dots, dashes and underscores. Throws Error: exit code 3, naming the process, when a tunnel
  /// of that name is at work, and when one has left changes that are still to be undone.
  Journal(JournalDirectory directory, const std::string& instance, bool persistent);

  /// The journal of INSTANCE that another process has begun, whose FILE it gives us. Throws Error.
  Journal(JournalDirectory directory, const std::string& instance, FileDescriptor file);

  /// Returns the step's number once it is on disk. Throws Error.
  std::size_t record(const Step& step);
  /// The step was not done after all. Throws Error.
  void withdraw(std::size_t index);
  /// All steps are done. Throws Error.
  void mark_complete();
  /// Nothing is left to undo: the file goes. 0, or the errno for which it stays.
  int destroy() noexcept;

  /// What another process may have written since: all steps, in the order in which they were done.
  /// Throws Error.
  std::vector<Step> read_again();
  /// The file itself; the lock on it is that of all who have it.
  [[nodiscard]] int fd() const noexcept { return file_.get(); }
  /// Another process has it now: from here on this one can't write to it.
  void give_away() noexcept { file_.reset(); }

  [[nodiscard]] const JournalDirectory& directory() const noexcept { return directory_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string path() const { return directory_.path() + "/" + name_; }

 private:
  void append(const std::string& line);

  JournalDirectory directory_;
  std::string name_;
  FileDescriptor file_;
  std::size_t size_bytes_ = 0;
  std::size_t next_index_ = 0;
};

/// A journal that was opened to be read, and perhaps carried out. Throws Error.
class JournalReader {
 public:
  /// Locks it when nobody else has it locked.
  JournalReader(const JournalDirectory& directory, const std::string& name);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool is_locked_by_us() const noexcept { return locked_; }
  /// As parse_journal().
  [[nodiscard]] std::optional<JournalContents> read() const;
  /// Takes the file away.
  void remove() const;

 private:
  const JournalDirectory& directory_;
  std::string name_;
  FileDescriptor file_;
  bool locked_ = false;
};

/// Whether the journal speaks of the calling thread's network namespace, in this boot.
[[nodiscard]] bool is_of_this_netns(const JournalHeader& header);

/// The steps of all journals of this namespace but EXCEPT. Journals that can't be read are left
/// out: nothing of theirs can be undone either. Throws Error when the directory can't be read.
std::vector<Step> read_sibling_steps(const JournalDirectory& directory, const std::string& except);

}  // namespace tunrelay
