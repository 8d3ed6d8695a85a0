// SPDX-License-Identifier: MIT
// Files that are written as a whole: results, reports. A reader finds the file as it was or as it
// will be, never a piece of it, also after a crash or on a full disk. Where they may be is for
// os/output_file.hpp to say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "os/interruptible.hpp"

namespace tunrelay {

/// PATH holds TEXT when this returns, and is on disk: written beside it under another name, then
/// renamed over it. A file that was there keeps its mode, and its owner where we may say so; a
/// link keeps pointing. What is not a regular file (a terminal, a pipe, /dev/stdout) is written to
/// as it is; a named pipe's reader has ten seconds to come, and to read on. Throws Error, which
/// names PATH; what was there before is still there then.
void replace_file(const std::string& path, std::string_view text);

/// Whether replace_file() leaves the last text alone at PATH. To what is not a regular file it
/// would add one after the other. Throws Error as replace_file() does.
[[nodiscard]] bool keeps_last_text_alone(const std::string& path);

/// Throws the Error that replace_file() would, as far as that can be known without touching PATH:
/// call it before a long run, not after it.
void check_replaceable(const std::string& path);

/// All of TEXT to FD. Where FD makes nobody wait (O_NONBLOCK), it is given PATIENCE_NS to take
/// more, or until a stop signal (os/interruptible.hpp). Returns 0 or an errno; a piece may have
/// been written then.
[[nodiscard]] int write_all(int fd, std::string_view text,
                            std::int64_t patience_ns = kNoLimit) noexcept;
/// The same to a file's end, where a piece that was written is cut off again: what others add later
/// shall not be joined to it. A pipe that makes nobody wait has a second to take more. TO_DISK: it
/// is there when this returns 0.
[[nodiscard]] int append_all(int fd, std::string_view text, bool to_disk = false) noexcept;

}  // namespace tunrelay
