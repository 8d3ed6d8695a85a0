// SPDX-License-Identifier: MIT
#include "sandbox/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tunrelay {
namespace {

// Sets of 64 bits, in two halves. The calls stand here themselves, since libcap-ng goes by
// /proc/self, which is the main thread's and need not be there.
using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

__user_cap_header_struct header() noexcept {
  return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

bool is_kept(std::span<const int> kept, int capability) noexcept {
  return std::find(kept.begin(), kept.end(), capability) != kept.end();
}

bool may_shrink_bounding_set() noexcept {
  __user_cap_header_struct own = header();
  Sets sets{};
  return ::syscall(SYS_capget, &own, sets.data()) == 0 &&
         (sets[CAP_TO_INDEX(CAP_SETPCAP)].effective & CAP_TO_MASK(CAP_SETPCAP)) != 0;
}

int shrink_bounding_set(std::span<const int> kept) noexcept {
  // PR_CAPBSET_READ refuses the first number that the kernel does not know.
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (!is_kept(kept, capability) && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return errno;
  return 0;
}

}  // namespace

int keep_capabilities(std::span<const int> kept) noexcept {
  // First, since it takes a capability itself. Whoever lacks that, and so has not all rights, gets
  // none of the bounding set with forbid_new_privileges().
  if (may_shrink_bounding_set())
    if (const int error = shrink_bounding_set(kept); error != 0) return error;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  __user_cap_header_struct own = header();
  Sets sets{};
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
  return ::syscall(SYS_capset, &own, sets.data()) == 0 ? 0 : errno;
}

int forbid_new_privileges() noexcept {
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

}  // namespace tunrelay
