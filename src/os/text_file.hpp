// SPDX-License-Identifier: MIT
// Small text files of the kernel's: /proc and /sys.
#pragma once

#include <optional>
#include <string>

#include "os/file_descriptor.hpp"

namespace tunrelay {

/// The whole file, without newlines at its end. Nothing when it is not there or can't be read, and
/// errno says why, also when it goes while it is read, as the files of a process in /proc do (where
/// the streams of the standard library throw).
std::optional<std::string> read_text_file(const std::string& path);
/// The same of a file that is open, from its beginning, as it is now; "" when it can't be read.
std::string read_text_again(const FileDescriptor& file);

}  // namespace tunrelay
