// SPDX-License-Identifier: MIT
// How an engine waits for packets: asleep or polling, and on time either way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "engine/busy_poll.hpp"
#include "engine/wait_limit.hpp"

namespace tunrelay {

/// How much earlier than a deadline a sleep has to end, so that whoever slept is awake by then, in
/// four of five cases. Learnt from how late the sleeps before were: a few microseconds on bare
/// metal, 40 to 60 where the clock's interrupt comes from a hypervisor. With a lead for the latest
/// of all sleeps nearly each would end too early, and be followed by a long spin. Not thread-safe.
class WakeLatency {
 public:
  [[nodiscard]] std::int64_t ns() const noexcept { return lead_ns_; }
  /// A sleep ended by its time, so much after it.
  void note(std::int64_t late_ns) noexcept {
    // Another thread had the CPU: this says nothing about the clock.
    if (late_ns < 0 || late_ns > kMaxNs) return;
    const std::int64_t step_ns = std::max(lead_ns_ / kSlowness, kMinStepNs);
    lead_ns_ += late_ns > lead_ns_ ? 4 * step_ns : -step_ns;
    lead_ns_ = std::clamp<std::int64_t>(lead_ns_, 0, kMaxNs);
  }

 private:
  static constexpr std::int64_t kMaxNs = 150 * kNanosecondsPerMicrosecond;
  static constexpr std::int64_t kSlowness = 64;
  static constexpr std::int64_t kMinStepNs = 50;

  std::int64_t lead_ns_ = 60 * kNanosecondsPerMicrosecond;
};

/// How long may be spun before deadlines: a twentieth of the time. A link of 100 Mbit/s has a
/// deadline each 120 us: to meet each within a microsecond takes more than half a CPU. Not
/// thread-safe.
class SpinBudget {
 public:
  explicit SpinBudget(bool is_limited) noexcept : is_limited_(is_limited) {}

  [[nodiscard]] bool is_limited() const noexcept { return is_limited_; }
  /// What is left at NOW_NS.
  [[nodiscard]] std::int64_t left_ns(std::int64_t now_ns) noexcept {
    if (!is_limited_) return kMaxNs;
    if (last_ns_ != 0) left_ns_ = std::min(left_ns_ + (now_ns - last_ns_) / kShareOfTime, kMaxNs);
    last_ns_ = now_ns;
    return std::max<std::int64_t>(left_ns_, 0);
  }
  void spend(std::int64_t spun_ns) noexcept { left_ns_ -= spun_ns; }

 private:
  static constexpr std::int64_t kShareOfTime = 20;
  static constexpr std::int64_t kMaxNs = 2 * kNanosecondsPerMillisecond;

  bool is_limited_;
  std::int64_t left_ns_ = kMaxNs;
  std::int64_t last_ns_ = 0;
};

/// Not thread-safe.
class Waiter {
 public:
  /// Who asks for busy polling wants deadlines met, whatever the CPU time.
  explicit Waiter(const BusyPollRule& rule) noexcept
      : busy_poll_(rule), spin_budget_(rule.adaptive || rule.most_ns == 0) {}

  /// Waits within LIMIT for something to come. LOOK() says whether something has. SLEEP(NS) sleeps
  /// until something has, at most NS (negative: without limit), and says the same. True when
  /// something came.
  template <typename Look, typename Sleep>
  bool wait(const WaitLimit& limit, Look look, Sleep sleep) noexcept {
    waited_ns_ = kNotAtAll;
    if (limit.ns == 0) return look();
    const std::int64_t begin_ns = monotonic_ns();
    const bool came = wait_from(begin_ns, limit, look, sleep);
    waited_ns_ = monotonic_ns() - begin_ns;
    return came;
  }

  /// What the last wait() brought.
  void after(std::size_t packets, std::size_t bytes) noexcept {
    if (waited_ns_ != kNotAtAll) busy_poll_.after(waited_ns_, packets, bytes);
  }

  /// Between two turns of the engine, the last of which brought so many PACKETS.
  void yield(std::size_t packets) noexcept { yield_policy_.yield(packets); }

 private:
  static constexpr std::int64_t kNotAtAll = -1;
  /// Of one sleep: the end of a longer one may be beyond what the clock counts.
  static constexpr std::int64_t kLongestNs = 3600 * kNanosecondsPerSecond;

  template <typename Look, typename Sleep>
  bool wait_from(std::int64_t begin_ns, const WaitLimit& limit, Look look, Sleep sleep) noexcept {
    if (const std::int64_t busy_poll_ns = busy_poll_.before(limit.ns);
        busy_poll_ns > 0 && spin_until(look, busy_poll_ns, yield_policy_))
      return true;
    if (limit.ns < 0) return sleep(limit.ns);
    const std::int64_t end_ns = begin_ns + std::min(limit.ns, kLongestNs);
    const std::int64_t slack_ns = spin_budget_.is_limited() ? limit.slack_ns : 0;
    std::int64_t now_ns = monotonic_ns();
    // A sleep that ends within the slack needs no spin after it.
    const std::int64_t lead_ns =
        std::min(wake_latency_.ns(), slack_ns + spin_budget_.left_ns(now_ns));
    const std::int64_t wake_ns = end_ns + slack_ns - lead_ns;
    if (wake_ns > now_ns) {
      if (sleep(wake_ns - now_ns)) return true;
      now_ns = monotonic_ns();
      wake_latency_.note(now_ns - wake_ns);
    }
    if (now_ns >= end_ns) return look();
    const bool came = spin_until(look, end_ns - now_ns, yield_policy_);
    spin_budget_.spend(monotonic_ns() - now_ns);
    return came;
  }

  BusyPoll busy_poll_;
  YieldPolicy yield_policy_;
  WakeLatency wake_latency_;
  SpinBudget spin_budget_;
  std::int64_t waited_ns_ = kNotAtAll;
};

}  // namespace tunrelay
