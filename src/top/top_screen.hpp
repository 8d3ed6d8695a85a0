// SPDX-License-Identifier: MIT
// The terminal that `tunrelay top` draws on; all that knows curses.
#pragma once

#include <termios.h>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "os/file_descriptor.hpp"
#include "os/output_queue.hpp"
#include "top/top_frame.hpp"

namespace tunrelay {

struct TopKey {
  enum class Kind {
    kCharacter,
    kEnter,
    kEscape,
    kBackspace,
    kDelete,
    kLeft,
    kRight,
    kHome,
    kEnd,
    kClear,  ///< Ctrl-U
    kResize,
    kOther,
  };
  Kind kind = Kind::kOther;
  char character = 0;  ///< ASCII
};

/// One at a time, used by one thread, and made while there is no other: it sets the locale.
class TopScreen {
 public:
  /// Takes the terminal that standard input and output are; they may be something else later.
  /// Throws Error with HINT where there is none, or one that can't move its cursor.
  TopScreen(bool has_colour, const std::string& hint);
  /// Gives it back as it was.
  ~TopScreen();
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;

  [[nodiscard]] std::size_t columns() const noexcept;
  [[nodiscard]] std::size_t rows() const noexcept;
  /// By the locale.
  [[nodiscard]] bool has_unicode() const noexcept { return has_unicode_; }

  /// CURSOR: its column in the last line; nothing: it is hidden.
  /// A terminal that stands still is not waited for, and gets no further frames before it goes on.
  void draw(const std::vector<TopLine>& lines, std::optional<std::size_t> cursor);
  /// The next one that was pressed; nothing: none was. Does not wait.
  [[nodiscard]] std::optional<TopKey> key();

 private:
  void follow_size() const noexcept;
  /// What ACT has curses write goes to the terminal as that takes it.
  void print_later(const std::function<void()>& act);
  void compose(const std::vector<TopLine>& lines, std::optional<std::size_t> cursor) const;

  termios former_{};
  FileDescriptor descriptor_;  ///< the terminal's
  FileDescriptor written_;     ///< a file in memory for what curses writes
  std::FILE* terminal_ = nullptr;
  std::optional<OutputQueue> output_;  ///< to the terminal
  bool has_unicode_ = false;
  bool has_colour_;
};

}  // namespace tunrelay
