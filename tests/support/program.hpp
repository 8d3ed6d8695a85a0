// SPDX-License-Identifier: MIT
// The tunrelay program of this build. Only for tests that name it in their CMake target
// (integration tests do): they are rebuilt and rerun with it.
#pragma once

#include <string>

namespace tunrelay::test {

/// An absolute path.
inline std::string program() {
  return TUNRELAY_PROGRAM;
}

}  // namespace tunrelay::test
