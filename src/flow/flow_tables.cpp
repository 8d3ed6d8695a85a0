// SPDX-License-Identifier: MIT
#include "flow/flow_tables.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

class FlowTap final : public PacketTap {
 public:
  FlowTap(FlowTable& table, Direction direction) : table_(table), direction_(direction) {}

  void arrived(const Packet& packet) noexcept override {
    table_.arrived(packet, direction_, packet.arrival_ns);
  }
  void left(const Packet& packet) noexcept override {
    table_.left(packet, direction_, monotonic_ns());
  }
  void dropped(const Packet& packet, DropReason /*reason*/) noexcept override {
    table_.dropped(packet, direction_);
  }

 private:
  FlowTable& table_;
  Direction direction_;
};

}  // namespace

FlowTables::FlowTables(std::size_t queues, std::size_t limit) {
  for (std::size_t queue = 0; queue < queues; ++queue)
    tables_.push_back(std::make_unique<FlowTable>((limit + queues - 1) / queues));
}

std::unique_ptr<PacketTap> FlowTables::make_tap(Direction direction, std::size_t queue) {
  return std::make_unique<FlowTap>(*tables_.at(queue), direction);
}

void FlowTables::begin() noexcept {
  for (const auto& table : tables_) table->begin();
}

FlowSnapshot FlowTables::snapshot(std::size_t top) const {
  FlowSnapshot snapshot;
  snapshot.time_ns = monotonic_ns();
  for (const auto& table : tables_) table->add_to(snapshot, top);
  std::sort(snapshot.top.begin(), snapshot.top.end(),
            [](const FlowReport& left, const FlowReport& right) {
              return left.counters.bytes() > right.counters.bytes();
            });
  if (snapshot.top.size() > top) snapshot.top.resize(top);
  return snapshot;
}

}  // namespace tunrelay
