// SPDX-License-Identifier: MIT
// The directory that holds the journals of all tunnels of this host, /run/tunrelay: what is in
// it will be done as root, so nobody else may write there or lead us elsewhere by a symbolic link.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"

namespace tunrelay {

inline constexpr const char* kJournalDirectory = "/run/tunrelay";

class JournalDirectory {
 public:
  /// Makes it when it is not there (mode 0700). Throws Error, also when it is a symbolic link,
  /// belongs to somebody else, or others may write there.
  static JournalDirectory open(const std::string& path = kJournalDirectory);
  /// Nothing when it is not there; otherwise as open().
  static std::optional<JournalDirectory> open_existing(const std::string& path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The names of the journals in it, sorted. Throws Error.
  [[nodiscard]] std::vector<std::string> journal_names() const;
  /// "<inode of the network namespace>-<instance>.journal".
  [[nodiscard]] static std::string journal_name(std::uint64_t netns_inode,
                                                const std::string& instance);

 private:
  JournalDirectory(std::string path, FileDescriptor fd);

  std::string path_;
  FileDescriptor fd_;
};

}  // namespace tunrelay
