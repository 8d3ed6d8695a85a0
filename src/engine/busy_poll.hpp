// SPDX-License-Identifier: MIT
// Sharing a CPU: waiting without sleeping for a while, and giving way to those we work for.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace tunrelay {

/// Lets another thread of this CPU run that is ready to, for example the receiver of what was just
/// written. A busy relay otherwise goes on while the receiver's queue runs over, wakes it packet
/// by packet, and never meets more than a few packets at once. Almost free when there is none.
///
/// A receiver is done within microseconds. A task that keeps the CPU for longer is unrelated, such
/// as a compiler: yielding each turn would cost milliseconds a turn. So after a long yield there is
/// none for as long a time. In a flood of packets the policy always yields: a receiver with much to
/// do takes as long as an unrelated task, and packets that arrive meanwhile are read in one batch.
/// Not thread-safe.
class YieldPolicy {
 public:
  /// PACKETS: how many the last turn of the engine brought.
  void yield(std::size_t packets) noexcept {
    const std::int64_t begin_ns = monotonic_ns();
    if (packets < kFlood && !is_due(begin_ns)) return;
    ::sched_yield();
    note(begin_ns, monotonic_ns());
  }

  /// The two halves of it, for tests: whether to yield now, and from when to when the
  /// CPU then was away.
  [[nodiscard]] bool is_due(std::int64_t now_ns) const noexcept { return now_ns >= next_ns_; }
  void note(std::int64_t begin_ns, std::int64_t end_ns) noexcept {
    const std::int64_t away_ns = end_ns - begin_ns;
    next_ns_ = away_ns > kLongNs ? end_ns + away_ns : end_ns;
  }

 private:
  static constexpr std::int64_t kLongNs = 500 * kNanosecondsPerMicrosecond;
  static constexpr std::size_t kFlood = 16;

  std::int64_t next_ns_ = 0;  ///< no turn is given before
};

/// How long to look for something before a sleep.
struct BusyPollRule {
  std::int64_t most_ns = 0;
  /// Only while it pays: when the last wait was shorter than that and brought but a few small
  /// packets, as requests and their answers or a paced stream do. A bulk transfer's relay leaves
  /// the CPU to the programs, and a quiet link costs nothing. (As KVM's halt polling grows and
  /// shrinks.)
  bool adaptive = false;
};

/// Follows a BusyPollRule from wait to wait. Not thread-safe.
class BusyPoll {
 public:
  explicit BusyPoll(const BusyPollRule& rule) noexcept
      : rule_(rule), window_ns_(rule.adaptive ? 0 : rule.most_ns) {}

  /// How long to spin before a wait of WAIT_NS (negative: without limit). Where packets wait in
  /// the link, the microseconds of a wake-up are nothing beside what the link adds.
  [[nodiscard]] std::int64_t before(std::int64_t wait_ns) const noexcept {
    if (wait_ns < 0) return window_ns_;
    return rule_.adaptive ? 0 : std::min(window_ns_, wait_ns);
  }
  /// The wait, spinning and sleeping, took WAITED_NS and brought so many packets and bytes.
  void after(std::int64_t waited_ns, std::size_t packets, std::size_t bytes) noexcept {
    if (!rule_.adaptive) return;
    const bool is_small_talk = packets <= kFewPackets && bytes <= kFewBytes;
    window_ns_ = is_small_talk && waited_ns <= rule_.most_ns ? rule_.most_ns : 0;
  }

 private:
  static constexpr std::size_t kFewPackets = 12;
  static constexpr std::size_t kFewBytes = 4096;

  BusyPollRule rule_;
  std::int64_t window_ns_;
};

/// Checks CONDITION again and again until it is true or SPIN_NS have passed; its last answer.
/// Between two looks other threads of this CPU have their turn: on a machine with few CPUs they
/// are the sender and the receiver that we wait for.
template <typename Condition>
[[nodiscard]] bool spin_until(Condition condition, std::int64_t busy_poll_ns,
                              YieldPolicy& yield_policy) noexcept {
  constexpr int kLooksBetweenYields = 16;
  const std::int64_t end_ns = monotonic_ns() + busy_poll_ns;
  do {
    for (int look = 0; look < kLooksBetweenYields; ++look) {
      if (condition()) return true;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
    yield_policy.yield(0);
  } while (monotonic_ns() < end_ns);
  return condition();
}

}  // namespace tunrelay
