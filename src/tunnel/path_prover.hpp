// SPDX-License-Identifier: MIT
// One proof of a running tunnel's path: the routing tables lead through it, and probes cross, seen
// by the relay.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "relay/relay.hpp"
#include "route/watch/path_check.hpp"

namespace tunrelay {

struct PathVerdict {
  std::string finding{};  ///< why the path is not proven; empty when it is
  /// Packets were lost in a full queue meanwhile, while others crossed: the finding may be no more
  /// than a probe among them.
  bool congested = false;
  bool tables_lead_across = true;  ///< else nothing was sent
  bool host_busy = false;          ///< a probe may only be late: this process had to wait for a CPU
  std::int64_t begun_ns = 0;
  std::array<std::uint64_t, kDirections> probes_sent{};
  std::array<std::uint64_t, kDirections> probes_crossed{};

  [[nodiscard]] bool proven() const noexcept { return finding.empty(); }
};

/// May be used by several threads at once: each probe goes alone, since the relay knows the newest.
class PathProver {
 public:
  /// RELAY must outlive it. SOURCE opens sockets at the ends; empty: the calling thread.
  PathProver(const Relay& relay, EndSocketSource source)
      : relay_(relay), source_(std::move(source)) {}

  /// Waits up to PROBE_LIMIT for each probe: one for each direction and family. Ends early, with a
  /// finding, when STOPPING is set. Throws nothing that the network can cause: that is a finding.
  [[nodiscard]] PathVerdict prove(const TunnelEnds& ends, std::chrono::milliseconds probe_limit,
                                  const std::atomic<bool>* stopping = nullptr) const;

 private:
  void probe(const TunnelEnds& ends, Direction direction, IpFamily family,
             std::chrono::milliseconds probe_limit, PathVerdict& verdict) const;

  const Relay& relay_;
  EndSocketSource source_;
  mutable std::mutex one_probe_;
};

}  // namespace tunrelay
