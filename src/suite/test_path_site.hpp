// SPDX-License-Identifier: MIT
// The process that holds a path: the other end of TestPathHost.
#pragma once

#include "os/file_descriptor.hpp"
#include "suite/test_path.hpp"

namespace tunrelay {

/// Enters a private network, makes the path and serves TestPathHost's requests on SOCKET until it
/// is closed. For a process that was forked for that. Its exit code.
[[nodiscard]] int serve_test_path(const TestPathSpec& spec, FileDescriptor socket) noexcept;

}  // namespace tunrelay
