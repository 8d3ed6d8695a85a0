// SPDX-License-Identifier: MIT
// For tests that hold times against what was asked for, beside others on a busy machine.
#pragma once

#include <sys/resource.h>

namespace tunrelay::test {

/// The calling thread, and what it starts from here on, come before what else runs. Without root it
/// stays as it is.
inline void come_first() {
  constexpr int kNice = -15;
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));
}

}  // namespace tunrelay::test
