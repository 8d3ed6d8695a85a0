// SPDX-License-Identifier: MIT
// What the impairing stages cost on a batch of super-packets of 43 wire segments, beside the
// relay's other work on each (some 10 us).
#include <benchmark/benchmark.h>

#include <memory>

#include "counting_output.hpp"
#include "packet_frames.hpp"
#include "stage/delay.hpp"
#include "stage/loss.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::size_t kStagePackets = 8;  // as many as a relay reads at once
constexpr std::uint16_t kSegments = 43;
constexpr ImpairmentKey kKey{.seed = 1, .stage = 0, .direction = 0};

FrameSet super_packets() {
  FrameSet frames(kStagePackets);
  for (std::size_t packet = 0; packet < kStagePackets; ++packet)
    frames.add({.is_tcp = true, .payload_bytes = kSegments * 1448, .gso_size = 1448});
  return frames;
}

void run(benchmark::State& state, Stage& stage, std::int64_t step_ns) {
  const FrameSet frames = super_packets();
  CountingOutput output;
  std::int64_t now_ns = 0;
  for (auto _ : state) {
    now_ns += step_ns;
    if (stage.next_deadline_ns() <= now_ns) stage.release(now_ns, output);
    stage.process(frames.packets(), now_ns, output);
  }
  benchmark::DoNotOptimize(output.segments);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kStagePackets) *
                          kSegments);
}

/// In millionths.
void stage_lose_each_alone(benchmark::State& state) {
  const LossConfig config = BernoulliLoss{static_cast<double>(state.range(0)) / 1e6, 0};
  Loss loss(config, kKey, std::make_shared<SegmentNumbers>());
  run(state, loss, 0);
}
BENCHMARK(stage_lose_each_alone)->Arg(0)->Arg(100)->Arg(10'000);

void stage_lose_in_bursts(benchmark::State& state) {
  const LossConfig config = GilbertElliottLoss{.to_bad = 0.0001, .to_good = 0.1};
  Loss loss(config, kKey, std::make_shared<SegmentNumbers>());
  run(state, loss, 0);
}
BENCHMARK(stage_lose_in_bursts);

/// 10 ms at 40 Gbit/s: a batch each 100 us. Without jitter, and with it.
void stage_delay(benchmark::State& state) {
  DelayConfig config;
  config.delay_ns = 10'000'000;
  config.jitter_ns = state.range(0);
  Delay stage(config, kKey, std::make_shared<SegmentNumbers>());
  run(state, stage, 100'000);
}
BENCHMARK(stage_delay)->Arg(0)->Arg(1'000'000);

}  // namespace
}  // namespace tunrelay::bench
