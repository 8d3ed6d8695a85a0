// SPDX-License-Identifier: MIT
// Stream sockets of the unix family, and their names.
#pragma once

#include <sys/types.h>

#include <string>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Close-on-exec. Throws Error.
[[nodiscard]] FileDescriptor make_unix_socket();

/// 0, or -1 with errno, as connect(2) and bind(2). ENAMETOOLONG for a path over 107 bytes.
int connect_unix_socket(const FileDescriptor& socket, const std::string& path) noexcept;
int bind_unix_socket(const FileDescriptor& socket, const std::string& path) noexcept;

/// Makes way for a socket of ours at PATH: removes one behind which nobody listens. Throws Error:
/// somebody does, or something else stands there.
void make_way_for_socket(const std::string& path);

/// Whether the process at the other end is root's, our own user's, or of GROUP.
[[nodiscard]] bool peer_is_trusted(const FileDescriptor& socket, gid_t group) noexcept;

}  // namespace tunrelay
