// SPDX-License-Identifier: MIT
// A file system that is soon full, on a folder of one test, in a mount namespace of its own. Needs
// root.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <stdexcept>

#include "support/temporary_folder.hpp"

namespace tunrelay::test {

class SmallDisk {
 public:
  /// Has room for 64 KiB.
  SmallDisk() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=64k") != 0)
      throw std::runtime_error("no small disk on " + folder_.path());
  }
  ~SmallDisk() { ::umount(folder_.path().c_str()); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] const TemporaryFolder& folder() const noexcept { return folder_; }

 private:
  TemporaryFolder folder_;
};

}  // namespace tunrelay::test
