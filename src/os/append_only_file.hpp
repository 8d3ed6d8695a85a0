// SPDX-License-Identifier: MIT
// A file that gets line after line while a run goes on, as logs do.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/log_once.hpp"

namespace tunrelay {

/// A crash takes nothing of what was added before, but for a last line that was under way. Used by
/// one thread.
class AppendOnlyFile {
 public:
  /// What stands at PATH is left alone until the first add(), and replaced by that.
  explicit AppendOnlyFile(std::string path);

  /// Adds TEXT, and what could not be added before; waits for the disk the first time only. REPORT
  /// gets the Error of a write that failed where the one before had not: a disk that is full now
  /// may have room later. A pipe or a terminal is not written to, since what it got can't be
  /// replaced at the end.
  void add_or_report(std::string_view text, const std::function<void(const Error&)>& report);

  /// All that was added, written or not.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void catch_up();

  std::string path_;
  bool is_kept_;  ///< false: no regular file
  std::string text_;
  std::size_t written_bytes_ = 0;
  LogOnce news_;
};

}  // namespace tunrelay
