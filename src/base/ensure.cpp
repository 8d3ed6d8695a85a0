// SPDX-License-Identifier: MIT
#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tunrelay {

void ensure_failed(std::string_view what, const char* file, int line) noexcept {
  // No allocation and no logger: either may be what is broken.
  std::fprintf(stderr, "tunrelay: a bug in tunrelay: %.*s does not hold (%s:%d)\n",
               static_cast<int>(what.size()), what.data(), file, line);
  std::abort();
}

void unexpected_errno(int system_errno, std::string_view attempt, const char* file,
                      int line) noexcept {
  const char* name = ::strerrorname_np(system_errno);
  std::fprintf(stderr, "tunrelay: could not %.*s: unexpected errno %d (%s) at %s:%d\n",
               static_cast<int>(attempt.size()), attempt.data(), system_errno,
               name == nullptr ? "unknown" : name, file, line);
  std::abort();
}

}  // namespace tunrelay
