// SPDX-License-Identifier: MIT
// What goes with a request beside its line: bytes in a file that is nothing but memory, and that
// nobody can change any more (memfd_create(2), sealed). Whoever gets it reads it without waiting
// for anybody's disk, network or process, and finds what it is said to have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Throws Error.
[[nodiscard]] FileDescriptor make_attachment(std::string_view bytes);

/// All that ATTACHMENT holds. Throws a usage Error: it is not open, is another kind of file, or has
/// over MOST_BYTES.
[[nodiscard]] std::string read_attachment(const FileDescriptor& attachment, std::size_t most_bytes);

}  // namespace tunrelay
