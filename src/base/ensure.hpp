// An assertion that stays on in every build: a false condition is our own bug, so the
// program says which one and aborts (the janitor then restores the host).
#pragma once

#include <string_view>

namespace tunrelay {

[[noreturn]] void ensure_failed(std::string_view what, const char* file, int line) noexcept;

/// FILE and LINE become the caller's. (clang 14 has no std::source_location.)
inline void ensure(bool condition, std::string_view what, const char* file = __builtin_FILE(),
                   int line = __builtin_LINE()) noexcept {
  if (!condition) [[unlikely]]
    ensure_failed(what, file, line);
}

}  // namespace tunrelay
