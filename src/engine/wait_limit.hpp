// SPDX-License-Identifier: MIT
// How long an engine waits for something to come.
#pragma once

#include <cstdint>

namespace tunrelay {

/// For NS (0: not at all; negative: without limit), and for up to SLACK_NS longer where nobody
/// minds: an engine that need not be on time does not spin for it.
struct WaitLimit {
  // NOLINTNEXTLINE(google-explicit-constructor): most waits are a time and no more
  constexpr WaitLimit(std::int64_t wait_ns, std::int64_t wait_slack_ns = 0) noexcept
      : ns(wait_ns), slack_ns(wait_slack_ns) {}

  std::int64_t ns;
  std::int64_t slack_ns;
};

}  // namespace tunrelay
