// SPDX-License-Identifier: MIT
// The terminal that `tunrelay top` draws on; all that knows curses.
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

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
  void draw(const std::vector<TopLine>& lines, std::optional<std::size_t> cursor) const;
  /// The next one that was pressed; nothing: none was. Does not wait.
  [[nodiscard]] std::optional<TopKey> key();

 private:
  std::FILE* terminal_ = nullptr;
  bool has_unicode_ = false;
  bool has_colour_;
};

}  // namespace tunrelay
