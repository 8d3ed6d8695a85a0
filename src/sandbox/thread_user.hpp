// SPDX-License-Identifier: MIT
// Whose a thread is. The kernel keeps that for each thread; glibc's setresuid(3) changes all of
// them by a signal, at which confined threads would end. So each of ours changes itself, when it is
// set up, by the kernel's own calls.
#pragma once

#include "os/user_identity.hpp"

namespace tunrelay {

/// Whether the calling thread may become another user's (CAP_SETUID, CAP_SETGID).
[[nodiscard]] bool may_change_user() noexcept;
/// Whether the calling thread is that user's and group's already.
[[nodiscard]] bool is_user(const UserIdentity& user) noexcept;

/// From now on the calling thread, and those that it starts, are USER's alone: all its user and
/// group IDs, its supplementary groups. One that is already stays as it is.
/// KEEPS_CAPABILITIES: those that it has go on until the sandbox takes them; else it has none.
/// The parent-death signal stays; the process can't be traced or dumped by that user
/// (PR_SET_DUMPABLE). 0, or the errno of what was refused: the thread is to be ended then, since
/// part of it may have been done.
[[nodiscard]] int try_to_become_user(const UserIdentity& user, bool keeps_capabilities) noexcept;
/// The same of a thread that must: the process ends where it can't, and the janitor restores the
/// host. Whether it can is for the first thread to find out, by one that ends.
void become_user(const UserIdentity& user, bool keeps_capabilities) noexcept;

}  // namespace tunrelay
