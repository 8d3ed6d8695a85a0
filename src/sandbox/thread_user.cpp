// SPDX-License-Identifier: MIT
#include "sandbox/thread_user.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/ensure.hpp"
#include "sandbox/capabilities.hpp"

namespace tunrelay {
namespace {

#ifdef SYS_setresuid32
constexpr long kSetUsers = SYS_setresuid32;
constexpr long kSetGroups = SYS_setresgid32;
constexpr long kSetSupplementaryGroups = SYS_setgroups32;
#else
constexpr long kSetUsers = SYS_setresuid;
constexpr long kSetGroups = SYS_setresgid;
constexpr long kSetSupplementaryGroups = SYS_setgroups;
#endif

/// All IDs but those for files, which follow the effective ones.
int change_ids(const UserIdentity& user) noexcept {
  const bool is_done =
      ::syscall(kSetSupplementaryGroups, user.groups.size(), user.groups.data()) == 0 &&
      ::syscall(kSetGroups, user.gid, user.gid, user.gid) == 0 &&
      ::syscall(kSetUsers, user.uid, user.uid, user.uid) == 0;
  return is_done ? 0 : errno;
}

/// Root that becomes somebody else keeps what is permitted, but nothing of that has an effect.
int change_ids_with_capabilities(const UserIdentity& user) noexcept {
  const CapabilitySets former = capability_sets();
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno;
  if (const int error = change_ids(user); error != 0) return error;
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return errno;
  return set_capabilities(former);
}

}  // namespace

bool may_change_user() noexcept {
  return has_capability(CAP_SETUID) && has_capability(CAP_SETGID);
}

bool is_user(const UserIdentity& user) noexcept {
  std::array<uid_t, 3> users{};
  std::array<gid_t, 3> groups{};
  ::getresuid(&users[0], &users[1], &users[2]);
  ::getresgid(&groups[0], &groups[1], &groups[2]);
  return users == std::array{user.uid, user.uid, user.uid} &&
         groups == std::array{user.gid, user.gid, user.gid};
}

int try_to_become_user(const UserIdentity& user, bool keeps_capabilities) noexcept {
  if (is_user(user)) return 0;
  // The kernel forgets it with a change.
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
  if (const int error = change_ids_with_capabilities(user); error != 0) return error;
  // The kernel's own choice with a change, unless fs.suid_dumpable is another one.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (death_signal != 0) ::prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0);
  return keeps_capabilities ? 0 : keep_capabilities({});
}

void become_user(const UserIdentity& user, bool keeps_capabilities) noexcept {
  const int error = try_to_become_user(user, keeps_capabilities);
  ensure_errno(error == 0, error, "become the user of --user");
}

}  // namespace tunrelay
