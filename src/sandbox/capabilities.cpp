// SPDX-License-Identifier: MIT
#include "sandbox/capabilities.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace tunrelay {
namespace {

// The calls stand here themselves, since libcap-ng goes by /proc/self, which is the main thread's
// and need not be there.
__user_cap_header_struct header() noexcept {
  return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

/// The calling thread's capabilities have no effect as long as this lives.
class Powerless {
 public:
  Powerless() noexcept {
    __user_cap_header_struct own = header();
    if (::syscall(SYS_capget, &own, former_.data()) != 0) return;
    CapabilitySets without = former_;
    for (__user_cap_data_struct& half : without) half.effective = 0;
    holds_ = set_capabilities(without) == 0;
  }
  ~Powerless() {
    if (holds_) static_cast<void>(set_capabilities(former_));
  }
  Powerless(const Powerless&) = delete;
  Powerless& operator=(const Powerless&) = delete;

  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  CapabilitySets former_{};
  bool holds_ = false;
};

/// 0 or an errno. Not faccessat(3), which takes root for all-powerful on an old kernel.
int access_error(const std::string& path, int mode) noexcept {
  return ::syscall(SYS_faccessat2, AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

bool is_kept(std::span<const int> kept, int capability) noexcept {
  return std::find(kept.begin(), kept.end(), capability) != kept.end();
}

int shrink_bounding_set(std::span<const int> kept) noexcept {
  // PR_CAPBSET_READ refuses the first number that the kernel does not know.
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (!is_kept(kept, capability) && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return errno;
  return 0;
}

}  // namespace

CapabilitySets capability_sets() noexcept {
  __user_cap_header_struct own = header();
  CapabilitySets sets{};
  return ::syscall(SYS_capget, &own, sets.data()) == 0 ? sets : CapabilitySets{};
}

int set_capabilities(const CapabilitySets& sets) noexcept {
  __user_cap_header_struct own = header();
  return ::syscall(SYS_capset, &own, sets.data()) == 0 ? 0 : errno;
}

bool has_capability(int capability) noexcept {
  const CapabilitySets sets = capability_sets();
  return (sets.at(CAP_TO_INDEX(static_cast<unsigned>(capability))).effective &
          CAP_TO_MASK(static_cast<unsigned>(capability))) != 0;
}

int keep_capabilities(std::span<const int> kept) noexcept {
  // First, since it takes a capability itself. Whoever lacks that, and so has not all rights, gets
  // none of the bounding set with forbid_new_privileges().
  if (has_capability(CAP_SETPCAP))
    if (const int error = shrink_bounding_set(kept); error != 0) return error;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  __user_cap_header_struct own = header();
  CapabilitySets sets{};
  if (::syscall(SYS_capget, &own, sets.data()) != 0) return errno;
  for (std::size_t half = 0; half < sets.size(); ++half) {
    std::uint32_t mask = 0;
    for (const int capability : kept)
      if (static_cast<std::size_t>(CAP_TO_INDEX(capability)) == half)
        mask |= CAP_TO_MASK(capability);
    sets[half].permitted &= mask;
    sets[half].effective &= mask;
    sets[half].inheritable = 0;
  }
  return set_capabilities(sets);
}

bool may_change_without_capabilities(const std::string& path) {
  const Powerless powerless;
  if (!powerless.holds()) return false;
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  if (access_error(folder, W_OK | X_OK) != 0) return false;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno == ENOENT;
  return status.st_uid == ::geteuid() && access_error(path, W_OK) == 0;
}

bool may_read_without_capabilities(const std::string& path) {
  const Powerless powerless;
  if (!powerless.holds()) return false;
  const int error = access_error(path, R_OK);
  return error == 0 || error == ENOENT;
}

int forbid_new_privileges() noexcept {
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

}  // namespace tunrelay
