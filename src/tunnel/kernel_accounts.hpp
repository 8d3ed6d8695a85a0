// SPDX-License-Identifier: MIT
// What the kernel has counted of a tunnel since it was ready, outside the relay: drops at its
// interfaces and in the sockets of its ends.
#pragma once

#include <array>
#include <vector>

#include "metrics/socket_counters.hpp"
#include "route/apply/apply.hpp"
#include "route/model/interface.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// Used by one thread. What can't be read keeps its last reading: a report is not a reason to end.
class KernelAccounts {
 public:
  /// Counts from now on. APPLIED must outlive it. Throws Error: an end can't be entered.
  explicit KernelAccounts(AppliedPlan& applied);

  /// Reads the counters again. REPORT has the relay's counts already.
  void fill_in(TunnelReport& report) noexcept;

 private:
  void read_interfaces() noexcept;
  void open_sockets();
  void read_sockets();

  AppliedPlan& applied_;
  const TunnelEnds& ends_;  ///< of its plan, which follows renamed interfaces
  std::array<InterfaceCounters, kDirections> interfaces_{};  ///< the newest reading
  std::vector<SocketCounterReader> socket_readers_;          ///< of the ends' network namespaces
  SocketCounters sockets_;
  std::array<InterfaceCounters, kDirections> first_interfaces_{};
  SocketCounters first_sockets_;
};

}  // namespace tunrelay
