// SPDX-License-Identifier: MIT
// A command as it would be typed at a shell.
#pragma once

#include <span>
#include <string>

namespace tunrelay {

/// WORDS with a blank between them; where a POSIX shell would read one otherwise, it is quoted
/// (POSIX.1-2017, Shell Command Language, 2.2.2).
[[nodiscard]] std::string shell_words(std::span<const std::string> words);

}  // namespace tunrelay
