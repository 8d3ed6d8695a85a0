// SPDX-License-Identifier: MIT
#include "tunnel/choices.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "device/existing_tun.hpp"
#include "os/cpu_topology.hpp"

namespace tunrelay {
namespace {

// A worker is busy with the packets of a sender and a receiver, which want CPUs of their own.
// On fewer, another worker takes time away from the programs that it serves (results/cost.md: on
// 2 CPUs throughput does not grow with the queues, and falls from 4 on).
constexpr std::size_t kCpusPerQueue = 4;
constexpr std::size_t kMaxChosenQueues = 8;

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

std::size_t choose_queues(const TunnelOptions& options) {
  if (options.queues) return *options.queues;
  for (const EndOptions* end : {&options.a, &options.b})
    if (const auto existing = find_existing_tun(end->device); existing && !existing->multi_queue)
      return 1;
  return std::clamp<std::size_t>(cpus_for_workers().size() / kCpusPerQueue, 1, kMaxChosenQueues);
}

BusyPollRule choose_busy_poll(const TunnelOptions& options) {
  if (options.busy_poll_ns) return {.most_ns = *options.busy_poll_ns, .adaptive = false};
  if (options.min_wait_ns != 0) return {};
  return {.most_ns = kAdaptiveBusyPollNs, .adaptive = true};
}

}  // namespace tunrelay
