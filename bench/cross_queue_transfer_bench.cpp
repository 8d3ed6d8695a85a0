// SPDX-License-Identifier: MIT
// What it costs to hand packets to a direction's owner and to get them back, without threads:
// the lane stage of one queue and the collector take turns.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "os/event_fd.hpp"
#include "packet/batch.hpp"
#include "relay/cross_queue_transfer.hpp"
#include "support/counting_output.hpp"

namespace tunrelay::bench {
namespace {

/// Passes all on: what is left is the transfer itself.
class Pass final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "pass"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) output.pass(packet);
  }
};

std::vector<Packet> packets_of_queue_0(std::size_t count) {
  std::vector<Packet> packets(count);
  for (Packet& packet : packets) packet.frame_bytes = 100;
  return packets;
}

void transfer_there_and_back(benchmark::State& state) {
  const EventFd wake;
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<Pass>());
  DirectionCollector collector(std::move(stages), 0, {&wake, &wake});
  const std::unique_ptr<Stage> lane = collector.make_lane_stage(0);
  const std::vector<Packet> packets = packets_of_queue_0(static_cast<std::size_t>(state.range(0)));
  test::CountingOutput output;
  for (auto _ : state) {
    const std::uint64_t before = output.passed_packets;
    lane->process(packets, 0, output);
    collector.take_turn(0);
    lane->release(0, output);
    if (output.passed_packets != before + packets.size())
      return state.SkipWithError("a packet got lost");
    benchmark::DoNotOptimize(wake.drain());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(transfer_there_and_back)->Arg(1)->Arg(8)->Arg(64)->Arg(kMaxBatch);

/// The same stage in the lane itself: what a transfer is compared with.
void transfer_floor_in_the_lane(benchmark::State& state) {
  const std::vector<Packet> packets = packets_of_queue_0(static_cast<std::size_t>(state.range(0)));
  Pass stage;
  test::CountingOutput output;
  for (auto _ : state) {
    stage.process(packets, 0, output);
    benchmark::DoNotOptimize(output.passed_packets);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(transfer_floor_in_the_lane)->Arg(1)->Arg(8)->Arg(64)->Arg(kMaxBatch);

}  // namespace
}  // namespace tunrelay::bench
