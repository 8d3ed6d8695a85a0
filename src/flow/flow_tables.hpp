// SPDX-License-Identifier: MIT
// The flows of a relay: a table for each worker, read as one.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/direction.hpp"
#include "flow/flow_snapshot.hpp"
#include "flow/flow_table.hpp"
#include "packet/packet_tap.hpp"

namespace tunrelay {

inline constexpr std::size_t kDefaultFlowLimit = 8192;
inline constexpr std::size_t kMinFlowLimit = 16;
inline constexpr std::size_t kMaxFlowLimit = 1'000'000;

class FlowTables {
 public:
  /// Room for LIMIT flows, divided among QUEUES workers. Allocates, and touches, all of it.
  FlowTables(std::size_t queues, std::size_t limit);

  /// What shows a lane's packets to the table of its worker. It must not outlive this.
  [[nodiscard]] std::unique_ptr<PacketTap> make_tap(Direction direction, std::size_t queue);
  /// Packets count from here on. While every worker stands between two turns.
  void begin() noexcept;

  /// All sums, and the TOP largest flows by bytes read. Any thread, while the relay runs: it waits
  /// for no worker, and none for it.
  ///
  /// A flow has one row: its directions meet in one worker. Where the kernel refused our steering
  /// program and its own hash leads them to two, each direction has a row of its own.
  [[nodiscard]] FlowSnapshot snapshot(std::size_t top) const;

 private:
  std::vector<std::unique_ptr<FlowTable>> tables_;  ///< by queue
};

}  // namespace tunrelay
