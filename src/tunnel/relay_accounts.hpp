// SPDX-License-Identifier: MIT
// What a tunnel's relay has counted since the tunnel was ready: what it tests itself with is no
// traffic.
#pragma once

#include <functional>
#include <vector>

#include "relay/relay.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// Used by one thread.
class RelayAccounts {
 public:
  /// Counts from a moment that brings nothing and has nothing under way, for which it waits, 50 ms
  /// at most, and in which it calls BEGIN, as Relay::between_turns() does: what begins there has
  /// the same packets. RELAY must outlive it.
  RelayAccounts(Relay& relay, const std::function<void()>& begin);

  /// The workers, and their lanes' sums. Relay::refresh() first has them book their last writes.
  void fill_in(TunnelReport& report) const;

 private:
  const Relay& relay_;
  std::vector<WorkerReport> before_;  ///< what each worker had counted until then
};

/// Names REPORT's queues that no CPU was free for, where CPUs were requested.
void note_unpinned(TunnelReport& report);

}  // namespace tunrelay
