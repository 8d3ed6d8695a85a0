// SPDX-License-Identifier: MIT
// What the table of flows costs each packet, read and written: one flow of super-packets with its
// acknowledgements (what TCP at full speed is), a round trip of small datagrams, and many flows at
// once, each packet of another one, up to a new one for each packet.
#include <benchmark/benchmark.h>

#include "flow/flow_tables.hpp"
#include "packet_frames.hpp"

namespace tunrelay::bench {
namespace {

struct TappedTables {
  explicit TappedTables(std::size_t limit) : tables(1, limit) { tables.begin(); }
  FlowTables tables;
  std::unique_ptr<PacketTap> forth = tables.make_tap(Direction::kAToB, 0);
  std::unique_ptr<PacketTap> back = tables.make_tap(Direction::kBToA, 0);
};

void cross(PacketTap& tap, const Packet& packet) {
  tap.arrived(packet);
  tap.left(packet);
}

/// A super-packet and its acknowledgement.
void flow_tcp_super_packets(benchmark::State& state) {
  TappedTables tapped(kDefaultFlowLimit);
  FrameSet frames(2);
  frames.add({.is_tcp = true, .payload_bytes = 62000, .gso_size = 1448});
  frames.add({.is_tcp = true, .payload_bytes = 0, .source_port = 5201});
  Packet& data = frames.packets()[0];
  Packet& ack = frames.packets()[1];
  store_u32(ack.frame + ipv4::kSource, 0xc0a80d02);
  store_u32(ack.frame + ipv4::kDestination, 0xc0a80d01);
  store_u16(ack.frame + ack.layers.transport_offset + kDestinationPort, 40000);
  std::uint32_t sequence = 0;
  for (auto _ : state) {
    store_u32(data.frame + data.layers.transport_offset + tcp::kSequence, sequence);
    sequence += 62000;
    cross(*tapped.forth, data);
    store_u32(ack.frame + ack.layers.transport_offset + tcp::kAcknowledgement, sequence);
    cross(*tapped.back, ack);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(flow_tcp_super_packets);

void flow_udp_round_trip(benchmark::State& state) {
  TappedTables tapped(kDefaultFlowLimit);
  FrameSet frames(1);
  frames.add({.is_tcp = false, .payload_bytes = 64});
  for (auto _ : state) {
    cross(*tapped.forth, frames.packets()[0]);
    cross(*tapped.forth, frames.packets()[0]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(flow_udp_round_trip);

void flow_many_flows(benchmark::State& state) {
  TappedTables tapped(kDefaultFlowLimit);
  FrameSet frames(1);
  frames.add({.is_tcp = false, .payload_bytes = 64});
  Packet& packet = frames.packets()[0];
  std::uint16_t port = 0;
  for (auto _ : state) {
    port = static_cast<std::uint16_t>((port + 1) % state.range(0));
    store_u16(packet.frame + packet.layers.transport_offset, port);
    cross(*tapped.forth, packet);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(flow_many_flows)->Arg(16)->Arg(1000)->Arg(8000)->Arg(65000);

void flow_snapshot(benchmark::State& state) {
  TappedTables tapped(kDefaultFlowLimit);
  FrameSet frames(1);
  frames.add({.is_tcp = false, .payload_bytes = 64});
  Packet& packet = frames.packets()[0];
  for (std::uint16_t port = 0; port < kDefaultFlowLimit; ++port) {
    store_u16(packet.frame + packet.layers.transport_offset, port);
    cross(*tapped.forth, packet);
  }
  for (auto _ : state) benchmark::DoNotOptimize(tapped.tables.snapshot(10));
}
BENCHMARK(flow_snapshot);

}  // namespace
}  // namespace tunrelay::bench
