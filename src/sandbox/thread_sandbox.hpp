// SPDX-License-Identifier: MIT
// What a thread gives up when it is set up, for good: its capabilities, any way to get others, and
// the system calls that it does not need. Whoever takes over such a thread by a packet can't open a
// file, make a socket or start a program with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/user_identity.hpp"
#include "sandbox/allowed_calls.hpp"

namespace tunrelay {

enum class SandboxPolicy : std::uint8_t {
  kOff,
  kAuto,    ///< as far as this host can
  kStrict,  ///< all of it, or no start
};

/// What a thread beside the relay's gives up.
struct ThreadRights {
  bool is_confined = false;
  std::optional<UserIdentity> user{};  ///< whose it becomes; nothing: it stays whose it is
};

/// What holds for one thread.
struct ThreadSandbox {
  bool has_no_capabilities = false;
  std::size_t system_calls = 0;  ///< that it may make; 0: all
  std::string shortfall;         ///< what this host refused, and its answer; empty: nothing
};

/// Why threads of this build can't be confined, whatever the host; empty: they can.
[[nodiscard]] std::string_view sandbox_refusal() noexcept;

/// Confines the calling thread, and those that it will make, which are none: no list allows that. A
/// system call beyond KIND's list prints its name and ends the process with SIGSYS. Where the host
/// refuses a part the others hold. The signal mask must let SIGSYS through.
[[nodiscard]] ThreadSandbox enter_sandbox(ThreadKind kind);

/// The same for a thread beside the relay's, as far as RIGHTS say and the host allows.
void give_up_rights(ThreadKind kind, const ThreadRights& rights);

/// As far as the host allows: the calling thread keeps all system calls, but no capabilities beyond
/// root's rights to files, and those where KEEPS_FILE_RIGHTS alone.
void give_up_capabilities(bool keeps_file_rights) noexcept;

/// Throws the Error of kStrict, exit code 3, where SHORTFALL says what is missing.
void refuse_shortfall(const std::string& shortfall);

}  // namespace tunrelay
