// SPDX-License-Identifier: MIT
#include "tunnel/choices.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "device/existing_tun.hpp"
#include "link/stage_factory.hpp"
#include "os/cpu_topology.hpp"

namespace tunrelay {
namespace {

// Many small packets keep a worker as busy as their sender and their receiver, which want CPUs of
// their own: with a worker for each CPU, four flows of 64-byte UDP fall to the half.
constexpr std::size_t kCpusPerQueue = 4;
constexpr std::size_t kMaxChosenQueues = 8;
// Bulk TCP is copying more than anything else, and two workers run where sender and receiver are
// not: on 2 CPUs four flows gain a third, one loses nothing.
constexpr std::size_t kFewQueues = 2;

// Longer than a program needs for its answer on the same machine, and than a wake-up takes.
constexpr std::int64_t kAdaptiveBusyPollNs = 50 * kNanosecondsPerMicrosecond;

}  // namespace

// uring where it is allowed: in results/peers.md it carries 1.24 times as much TCP in one flow as
// the syscall engine and 1.15 times in four, with one system call for a batch where that has one a
// packet. For small UDP packets and round trips the two are alike within the noise.
EngineChoice choose_engine(std::optional<EngineKind> wanted) {
  if (wanted == EngineKind::kSyscall) return {EngineKind::kSyscall, "requested"};
  const UringSupport support = probe_uring();
  if (support.available) return {EngineKind::kUring, ""};
  if (wanted == EngineKind::kUring)
    throw_unsupported_error(
        "use", "the uring engine", support.reason,
        "use --engine syscall" + (support.hint.empty() ? "" : ", or: " + support.hint));
  return {EngineKind::kSyscall, support.reason};
}

QueueChoice queues_for_cpus(std::size_t cpus, const LinkDescription& link) {
  if (cpus >= kFewQueues * kCpusPerQueue)
    return {.count = std::min(cpus / kCpusPerQueue, kMaxChosenQueues)};
  // All packets of a direction meet in a stage such as a rate: on one worker, whoever reads them.
  const bool has_meeting = std::ranges::any_of(link.directions, [](const auto& stages) {
    return std::ranges::any_of(stages, [](const StageDescription& stage) {
      return stage_scope(stage.choice) == StageScope::kDirection;
    });
  });
  if (cpus < kFewQueues) return {};
  if (has_meeting) return {.reason = "a stage of the link sees all packets of a direction"};
  return {.count = kFewQueues,
          .spread = SpreadFlows::kTcp,
          .reason = "for flows of TCP; all else takes queue 0"};
}

QueueChoice choose_queues(const TunnelOptions& options) {
  if (options.queues) return {.count = *options.queues};
  for (const EndOptions* end : {&options.a, &options.b})
    if (const auto existing = find_existing_tun(end->device); existing && !existing->multi_queue)
      return {.reason = end->device + " was made with one"};
  return queues_for_cpus(cpus_for_workers().size(), options.link);
}

BusyPollRule choose_busy_poll(const TunnelOptions& options) {
  if (options.busy_poll_ns) return {.most_ns = *options.busy_poll_ns, .adaptive = false};
  if (options.min_wait_ns != 0) return {};
  return {.most_ns = kAdaptiveBusyPollNs, .adaptive = true};
}

}  // namespace tunrelay
