// SPDX-License-Identifier: MIT
#include "suite/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tunrelay {

Progress::Progress(bool quiet)
    : quiet_(quiet), on_terminal_(::isatty(STDERR_FILENO) == 1), begin_ns_(monotonic_ns()) {}

Progress::~Progress() {
  end_line();
}

void Progress::report(double part, double whole, const std::string& what) {
  if (quiet_) return;
  const double done = whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
  const auto tenth = static_cast<int>(done * 10);
  if (!on_terminal_ && tenth == last_tenth_) return;
  last_tenth_ = tenth;
  std::string line = fmt::format("{:3.0f} %  {}", 100 * done, what);
  const auto elapsed_ns = static_cast<double>(monotonic_ns() - begin_ns_);
  // At the beginning it would be a guess.
  constexpr double kEnoughToTell = 0.03;
  if (done > kEnoughToTell)
    line += fmt::format(", {} left", format_duration(elapsed_ns * (1 - done) / done));
  if (on_terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    unfinished_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void Progress::say(const std::string& line) {
  if (quiet_) return;
  end_line();
  fmt::print(stderr, "{}\n", line);
}

void Progress::end_line() {
  if (unfinished_) fmt::print(stderr, "\r\033[K");
  unfinished_ = false;
}

}  // namespace tunrelay
