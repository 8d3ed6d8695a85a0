// SPDX-License-Identifier: MIT
// An assertion that stays on in every build: a false condition is our own bug, so the
// program says which one and aborts (the janitor then restores the host).
#pragma once

#include <string_view>

namespace tunrelay {

[[noreturn]] void ensure_failed(std::string_view what, const char* file, int line) noexcept;
[[noreturn]] void unexpected_errno(int system_errno, std::string_view attempt, const char* file,
                                   int line) noexcept;

/// FILE and LINE become the caller's. (clang 14 has no std::source_location.)
inline void ensure(bool condition, std::string_view what, const char* file = __builtin_FILE(),
                   int line = __builtin_LINE()) noexcept {
  if (!condition) [[unlikely]]
    ensure_failed(what, file, line);
}

/// The same for a system call on the data path that failed in a way that no rule here knows:
/// IS_EXPECTED false ends the program and prints SYSTEM_ERRNO and ATTEMPT ("wait for queues").
inline void ensure_errno(bool is_expected, int system_errno, std::string_view attempt,
                         const char* file = __builtin_FILE(),
                         int line = __builtin_LINE()) noexcept {
  if (!is_expected) [[unlikely]]
    unexpected_errno(system_errno, attempt, file, line);
}

}  // namespace tunrelay
