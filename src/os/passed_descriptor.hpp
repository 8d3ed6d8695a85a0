// SPDX-License-Identifier: MIT
// Descriptors that are passed to another process, through a socket of the unix family (unix(7)).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// As send(2), together with the descriptor PASSED, unless that is negative; tried again for a
/// second while the kernel has no memory for it.
ssize_t send_with_descriptor(const FileDescriptor& socket, std::string_view bytes,
                             int passed) noexcept;
/// As recv(2) with MSG_DONTWAIT; a descriptor that comes with the bytes goes to PASSED, in the
/// place of one that is there. Of several in one message none is kept.
ssize_t receive_with_descriptor(const FileDescriptor& socket, char* bytes, std::size_t count,
                                FileDescriptor& passed) noexcept;

}  // namespace tunrelay
