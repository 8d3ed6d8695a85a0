// SPDX-License-Identifier: MIT
// Reports a repeating failure only once.
#pragma once

#include <functional>

#include "base/error.hpp"

namespace tunrelay {

/// Of one thing that is attempted repeatedly, by one thread.
class LogOnce {
 public:
  /// Does ACT. REPORT gets the Error that it throws, unless the time before had failed too.
  template <typename Act>
  void attempt(const Act& act, const std::function<void(const Error&)>& report) {
    try {
      act();
      last_failed_ = false;
    } catch (const Error& error) {
      if (!last_failed_) report(error);
      last_failed_ = true;
    }
  }

 private:
  bool last_failed_ = false;
};

}  // namespace tunrelay
