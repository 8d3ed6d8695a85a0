// Files that are read or written as a whole: results, reports. Written means: a reader finds the
// file as it was or as it is to be, never a piece of it, also after a crash or on a full disk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tunrelay {

/// All that PATH holds, byte by byte. The file is the user's choice: what is wrong with it (it is
/// not there, may not be read, is a directory, has over MOST_BYTES) is a usage Error that begins
/// with "could not ATTEMPT PATH".
std::string read_whole_file(const std::string& path, const std::string& attempt,
                            std::size_t most_bytes);

/// PATH holds TEXT when this returns, and is on disk: written beside it under another name, then
/// renamed over it. A file that was there keeps its mode, and its owner where we may say so; a
/// link keeps pointing. What is no regular file (a terminal, a pipe, /dev/stdout) is written to
/// as it is. Throws Error, which names PATH; what was there before is still there then.
void replace_file(const std::string& path, std::string_view text);

/// Whether replace_file() leaves the last text alone at PATH. To what is no regular file it would
/// add one after the other.
[[nodiscard]] bool keeps_last_text_alone(const std::string& path);

/// Throws the Error that replace_file() would, as far as that can be told without touching PATH:
/// to be asked before a long run, not after it.
void check_replaceable(const std::string& path);

/// All of TEXT to FD. Returns 0 or an errno; a piece may have been written then.
[[nodiscard]] int write_all(int fd, std::string_view text) noexcept;
/// The same to FD's end, where a piece that was written is cut off again: what others add later
/// shall not be joined to it. TO_DISK: it is there when this returns 0.
[[nodiscard]] int append_all(int fd, std::string_view text, bool to_disk = false) noexcept;

}  // namespace tunrelay
