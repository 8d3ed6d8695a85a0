// SPDX-License-Identifier: MIT
// What a thread may do beyond its user's rights (capabilities(7)). Each thread has sets of its own.
#pragma once

#include <linux/capability.h>

#include <array>
#include <span>
#include <string>

namespace tunrelay {

/// Effective, permitted and inheritable ones, each of 64 bits in two halves.
using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

/// Of the calling thread; empty sets where the kernel refuses an answer.
[[nodiscard]] CapabilitySets capability_sets() noexcept;
/// 0, or the errno: for the calling thread SETS have what it may not get.
[[nodiscard]] int set_capabilities(const CapabilitySets& sets) noexcept;
/// Whether CAPABILITY (CAP_...) has an effect for the calling thread.
[[nodiscard]] bool has_capability(int capability) noexcept;

/// Root's rights to files of others: to read, write, replace and remove what the user has named.
inline constexpr std::array<int, 3> kFileCapabilities{CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER};

/// Takes all capabilities but KEPT (CAP_... of linux/capability.h) from the calling thread, which
/// the threads and programs that it starts then lack, too: from its effective, permitted,
/// inheritable and ambient sets, and from the bounding set where CAP_SETPCAP allows that. Returns 0
/// or the errno of what was refused.
[[nodiscard]] int keep_capabilities(std::span<const int> kept) noexcept;

/// From now on no program that the calling thread starts gets rights by its file (setuid, file
/// capabilities). Returns 0 or an errno.
[[nodiscard]] int forbid_new_privileges() noexcept;

/// Whether the calling thread could make, replace and remove the file PATH if it had no
/// capabilities: it may write in its folder, and a file that is there is its user's. False also
/// where that can't be known (before Linux 5.8).
[[nodiscard]] bool may_change_without_capabilities(const std::string& path);
/// The same of reading it. True where there is none.
[[nodiscard]] bool may_read_without_capabilities(const std::string& path);

}  // namespace tunrelay
