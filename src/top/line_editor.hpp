// SPDX-License-Identifier: MIT
// A line of text that the user changes: the prompt of `tunrelay top`.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace tunrelay {

/// ASCII alone, which is all that a link's text and most file names have.
class LineEditor {
 public:
  LineEditor(std::string label, std::string text)
      : label_(std::move(label)), text_(std::move(text)), cursor_(text_.size()) {}

  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::size_t cursor() const noexcept { return cursor_; }

  void insert(char character) { text_.insert(cursor_++, 1, character); }
  void backspace() {
    if (cursor_ != 0) text_.erase(--cursor_, 1);
  }
  void erase() {
    if (cursor_ != text_.size()) text_.erase(cursor_, 1);
  }
  void left() noexcept {
    if (cursor_ != 0) --cursor_;
  }
  void right() noexcept {
    if (cursor_ != text_.size()) ++cursor_;
  }
  void home() noexcept { cursor_ = 0; }
  void end() noexcept { cursor_ = text_.size(); }
  void clear() noexcept {
    text_.clear();
    cursor_ = 0;
  }

  /// The part of the text that WIDTH columns show, at least 1, with the cursor in it, and where
  /// that stands there.
  [[nodiscard]] std::pair<std::string, std::size_t> window(std::size_t width) const {
    const std::size_t begin = cursor_ < width ? 0 : cursor_ - width + 1;
    return {text_.substr(begin, width), cursor_ - begin};
  }

 private:
  std::string label_;
  std::string text_;
  std::size_t cursor_;
};

}  // namespace tunrelay
