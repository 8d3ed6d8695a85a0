// The process that holds a link: the other end of LinkHost.
#pragma once

#include "base/file_descriptor.hpp"
#include "suite/link.hpp"

namespace tunrelay {

/// Enters a private network, makes the link and serves LinkHost's questions on SOCKET until it is
/// closed. For a process that was forked for that. Its exit code.
[[nodiscard]] int serve_link(const LinkSpec& spec, FileDescriptor socket) noexcept;

}  // namespace tunrelay
