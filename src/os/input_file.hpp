// SPDX-License-Identifier: MIT
// Files that the user names to be read. They are opened in one way: an open never waits, what may
// wait later ends with a signal (os/interruptible.hpp), and what is too large is refused. Only
// the process that the user started opens them, with its own rights; a request through a control
// socket names no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// For what is read piece by piece, and never held as a whole.
inline constexpr std::size_t kAnySize = SIZE_MAX;

/// PATH, open for reading without waiting (O_NONBLOCK). A regular file has at most MOST_BYTES; a
/// pipe has had its writer, and a terminal a line, when this returns. The file is the user's
/// choice: what is wrong with it is a usage Error that begins with "could not ATTEMPT PATH".
[[nodiscard]] FileDescriptor open_input(const std::string& path, const std::string& attempt,
                                        std::size_t most_bytes);

/// All that PATH holds, byte by byte. Throws as open_input() does, also for a pipe or a device that
/// gives over MOST_BYTES.
[[nodiscard]] std::string read_whole_file(const std::string& path, const std::string& attempt,
                                          std::size_t most_bytes);

}  // namespace tunrelay
