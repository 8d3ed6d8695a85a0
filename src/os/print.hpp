// SPDX-License-Identifier: MIT
// What a running tunnel prints. Who reads a pipe may have stopped reading, and a plain write would
// wait for them past every signal, which is blocked (os/signal_watch.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "os/interruptible.hpp"

namespace tunrelay {

/// For what is printed after the signal that ends a program has come.
inline constexpr std::int64_t kLastWordsPatienceNs = 5'000'000'000;

/// TEXT to STREAM, behind what is in its buffer. Waits for the reader until a stop signal, and at
/// most PATIENCE_NS at a time; what is left then, or after an error, is not printed.
void print_text(std::FILE* stream, std::string_view text,
                std::int64_t patience_ns = kNoLimit) noexcept;

/// How much FD takes at once when it is ready to be written, so that nobody waits.
[[nodiscard]] std::size_t bytes_without_wait(int fd) noexcept;

/// How wide text on FD may be: as the environment's COLUMNS says, or the terminal, or 80 where
/// there is none. 0: as wide as it takes.
[[nodiscard]] std::size_t text_columns(int fd);

/// As print_text(): TEXT, with its lines broken to fit STREAM (base/wrap.hpp).
void print_wrapped(std::FILE* stream, std::string_view text, std::int64_t patience_ns = kNoLimit);

}  // namespace tunrelay
