// SPDX-License-Identifier: MIT
// Two programs measured against each other on this host: interleaved rounds, so that what the
// machine does meanwhile happens to both alike.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/compare.hpp"
#include "analysis/verdict.hpp"
#include "result/result.hpp"
#include "suite/campaign.hpp"

namespace tunrelay {

/// A build and the flags for its `run`.
struct ProgramUnderTest {
  std::string program;
  std::vector<std::string> arguments;
};

struct ComparisonPlan {
  ProgramUnderTest base;
  ProgramUnderTest head;
  std::int64_t slice_ns = 100 * kNanosecondsPerMillisecond;  ///< of one trial
  std::int64_t time_limit_ns = 240 * kNanosecondsPerSecond;
  std::uint32_t rounds = 0;  ///< so many and no fewer; 0: until it is settled or the time is over
  /// How often it is checked whether it is settled: the last time at the limit, each time before
  /// after half as long, so that a large change is reported at once, and few looks do for a small
  /// one.
  std::uint32_t looks = 5;
  /// Programs are started again after so many rounds: where code and data come to lie in memory
  /// differs from start to start, and must not look like a difference of the programs.
  std::uint32_t rounds_a_start = 4;
};

/// The loads of a comparison: a TCP stream, and single requests. Other tasks of the machine hardly
/// change the median of many requests: on two shared CPUs, pairs of medians differ by 1 to 3 %,
/// pairs of throughputs by 10 to 20 %. Two loads are left out. Of small packets at full speed, the
/// number that arrives differs by a factor of two from trial to trial. At a fixed rate of packets
/// the relay spends most of its CPU time polling.
///
/// The source is pinned to the first of CPUS and the sink to the second, or to the first too where
/// there is only one; to none where CPUS is empty. Without pinning, the scheduler lets other
/// threads share the worker's CPU in some trials: throughputs then vary by 10 to 15 % and the
/// worker's CPU time by 15 to 20 %, two to four times as much as with pinning. ROUND chooses the
/// ports, and so the queue that the kernel gives a flow, and the worker beside source or sink: the
/// same for both programs, so that this does not differ within a pair.
[[nodiscard]] std::vector<LoadCase> comparison_loads(std::int64_t slice_ns,
                                                     const std::vector<int>& cpus,
                                                     std::uint32_t round);

/// Whether a verdict is given on the metric: on a few that say different things, since each more
/// makes every one of them harder to judge. The others are shown.
[[nodiscard]] bool is_judged(std::string_view metric) noexcept;

/// For the end of a comparison: throughput, which a busy machine hides in noise, is the same where
/// none is seen to be lost and a packet costs the same CPU time. Time lost without CPU time shows
/// in the round trip.
void settle_at_end(Comparison& comparison);

/// Those LOADS of which something that is judged was inconclusive at the last LOOK: the time that
/// is left is theirs. All, where there is no such load.
[[nodiscard]] std::vector<LoadCase> open_loads(std::vector<LoadCase> loads, const Comparison& look);

struct ComparisonHooks {
  std::function<bool()> is_stopped;                   ///< called before each sample
  std::function<void(std::uint32_t round)> on_round;  ///< after each
  std::function<Comparison()> look;  ///< what can be said by now; empty: the whole time is used
};

/// Adds the samples of paths kBase and kHead to RESULT. Throws Error when a program can't be
/// measured.
void run_comparison(const ComparisonPlan& plan, Result& result, const ComparisonHooks& hooks);

}  // namespace tunrelay
