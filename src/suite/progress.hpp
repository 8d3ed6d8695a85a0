// SPDX-License-Identifier: MIT
// How far a campaign is: lines on standard error, or one that is overwritten on a terminal.
#pragma once

#include <cstdint>
#include <string>

namespace tunrelay {

/// Used by one thread.
class Progress {
 public:
  /// Nothing is reported when QUIET.
  explicit Progress(bool quiet);
  /// Ends an unfinished line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// PART of WHOLE is done, WHAT is going on. On a terminal the line is overwritten, with the time
  /// left; elsewhere a line is written for each tenth of the whole.
  void report(double part, double whole, const std::string& what);
  /// A line that stays.
  void say(const std::string& line);

 private:
  void end_line();

  bool quiet_;
  bool on_terminal_;
  std::int64_t begin_ns_;
  int last_tenth_ = -1;
  bool unfinished_ = false;
};

}  // namespace tunrelay
