// SPDX-License-Identifier: MIT
// What is printed by a thread that has other things to look after: it is kept until its reader
// takes it, and nobody waits. A stopped terminal or a pipe that nobody reads would hold up the
// repair of routes otherwise, and whoever asks the relay something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace tunrelay {

/// Used by one thread.
class OutputQueue {
 public:
  static constexpr std::size_t kLimitBytes = std::size_t{1} << 20;

  /// To the descriptor of STREAM, behind what is in its buffer. STREAM stays the caller's.
  explicit OutputQueue(std::FILE* stream);

  /// TEXT, whole lines, goes to the reader as soon as that takes it. It is lost as a whole where it
  /// would make more than kLimitBytes wait.
  void print(std::string_view text) noexcept;
  /// As print(): TEXT, with its lines broken to fit the stream (base/wrap.hpp).
  void print_wrapped(std::string_view text);
  /// Prints what the reader takes now.
  void go_on() noexcept;
  /// Ready to be written (POLLOUT) when it is time for go_on(); -1: nothing waits.
  [[nodiscard]] int waiting_fd() const noexcept { return is_empty() ? -1 : fd_; }
  [[nodiscard]] bool is_empty() const noexcept { return waiting_.empty(); }
  /// Waits for the reader for PATIENCE_NS at a time, or until a stop signal. Whether it took all:
  /// what is left is lost.
  bool finish(std::int64_t patience_ns) noexcept;
  /// How many lines were lost since the last call. A reader that has gone loses none: there is
  /// nobody to miss them.
  [[nodiscard]] std::uint64_t take_lost_lines() noexcept;

 private:
  void lose(std::string_view text) noexcept;

  int fd_;
  std::size_t part_bytes_;
  std::string waiting_;
  std::uint64_t lost_lines_ = 0;
};

}  // namespace tunrelay
