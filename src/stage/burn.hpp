// SPDX-License-Identifier: MIT
// The stage that wastes CPU time, for tests of the tools that find regressions: it makes its
// worker slower by a known share, whatever the worker does.
#pragma once

#include <ctime>

#include "base/clock.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

/// One a worker: it counts the thread's time, not its packets'.
class Burn final : public Stage {
 public:
  /// RATIO: 0.05 makes the worker's thread use 5 % more CPU time.
  explicit Burn(double ratio) : ratio_(ratio) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "burn"; }

  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    const std::int64_t used_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    if (last_ns_ != 0) {
      const auto until_ns =
          used_ns + static_cast<std::int64_t>(static_cast<double>(used_ns - last_ns_) * ratio_);
      while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until_ns) {
      }
    }
    last_ns_ = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (const Packet& packet : packets) output.pass(packet);
  }

 private:
  double ratio_;
  std::int64_t last_ns_ = 0;  ///< the thread's CPU time when the last batch was passed on
};

}  // namespace tunrelay
