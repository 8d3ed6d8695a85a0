// SPDX-License-Identifier: MIT
// A batch of packets on its way through a lane: filled and emptied.
#include <benchmark/benchmark.h>

#include <memory>

#include "packet/batch.hpp"

namespace tunrelay::bench {
namespace {

void batch_fill_and_clear(benchmark::State& state) {
  auto batch = std::make_unique<Batch>();
  Packet packet;
  packet.frame_bytes = 100;
  for (auto _ : state) {
    for (std::int64_t at = 0; at < state.range(0); ++at) batch->push(packet);
    benchmark::DoNotOptimize(batch->begin());
    benchmark::ClobberMemory();
    batch->clear();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(batch_fill_and_clear)->Arg(1)->Arg(16)->Arg(kMaxBatch);

}  // namespace
}  // namespace tunrelay::bench
