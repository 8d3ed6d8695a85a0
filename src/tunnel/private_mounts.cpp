// SPDX-License-Identifier: MIT
#include "tunnel/private_mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {
namespace {

constexpr const char* kMakePrivate = "make private";
constexpr const char* kMounts = "the mounts of the new namespace";

/// The errno, or 0. EINVAL: "/" is not where something is mounted.
int make_private_from_root() noexcept {
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : errno;
}

FileDescriptor open_path(const char* path, int flags) {
  return FileDescriptor(check_system_call(::open(path, flags | O_CLOEXEC), "open", path));
}

/// For a root that is a plain folder, as chroot(1) leaves it. Whether a mount reaches others is
/// a property of the mount above that folder, which can't be named from below; but who enters a
/// mount namespace, be it the own, stands at its root.
int make_private_from_root_of_namespace() {
  const FileDescriptor root = open_path("/", O_PATH | O_DIRECTORY);
  const FileDescriptor here = open_path(".", O_PATH | O_DIRECTORY);
  const FileDescriptor mounts = open_path("/proc/thread-self/ns/mnt", O_RDONLY);
  check_system_call(::setns(mounts.get(), CLONE_NEWNS), kMakePrivate, kMounts,
                    "in this chroot CAP_SYS_CHROOT is needed too; or begin with a root that is a "
                    "mount point (mount --bind FOLDER FOLDER before the chroot)");
  const int error = make_private_from_root();
  check_system_call(::fchdir(root.get()), "return to", "/");
  check_system_call(::chroot("."), "return to", "/");
  check_system_call(::fchdir(here.get()), "return to", "the working directory");
  return error;
}

}  // namespace

void make_mounts_private() {
  int error = make_private_from_root();
  if (error == EINVAL) error = make_private_from_root_of_namespace();
  if (error != 0) throw_system_error(error, kMakePrivate, kMounts);
}

}  // namespace tunrelay
