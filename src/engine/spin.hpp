// Sharing a CPU: waiting without sleeping for a while, and giving way to those we work for.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace tunrelay {

/// Lets another thread of this CPU run that is ready to, for example the receiver of what was just
/// written. A busy relay otherwise goes on while the receiver's queue runs over, wakes it packet
/// by packet, and never meets more than a few packets at once. Almost free when there is none.
inline void give_way() noexcept {
  ::sched_yield();
}

/// How long to spin before a wait of WAIT_NS (negative: without limit), where SPIN_NS is wanted.
[[nodiscard]] constexpr std::int64_t spin_within(std::int64_t spin_ns,
                                                 std::int64_t wait_ns) noexcept {
  return wait_ns < 0 ? spin_ns : std::min(spin_ns, wait_ns);
}

/// Asks CONDITION again and again until it is true or SPIN_NS have passed; its last answer.
/// Between two looks other threads of this CPU have their turn: on a machine with few CPUs they
/// are the sender and the receiver that we wait for.
template <typename Condition>
[[nodiscard]] bool spin_until(Condition condition, std::int64_t spin_ns) noexcept {
  constexpr int kLooksBetweenYields = 16;
  const std::int64_t end_ns = monotonic_ns() + spin_ns;
  do {
    for (int look = 0; look < kLooksBetweenYields; ++look) {
      if (condition()) return true;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
    give_way();
  } while (monotonic_ns() < end_ns);
  return condition();
}

}  // namespace tunrelay
