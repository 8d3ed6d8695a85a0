#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace tunrelay {

void ensure_failed(std::string_view what, const char* file, int line) noexcept {
  // No allocation and no logger: either may be what is broken.
  std::fprintf(stderr, "tunrelay: a bug in tunrelay: %.*s does not hold (%s:%d)\n",
               static_cast<int>(what.size()), what.data(), file, line);
  std::abort();
}

}  // namespace tunrelay
