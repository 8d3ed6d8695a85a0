// SPDX-License-Identifier: MIT
// What the impairing stages cost on a batch of super-packets of 43 wire segments, beside the
// relay's other work on each (some 10 us).
#include <benchmark/benchmark.h>

#include <memory>

#include "packet_frames.hpp"
#include "stage/bottleneck.hpp"
#include "stage/delay.hpp"
#include "stage/loss.hpp"
#include "support/counting_output.hpp"

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
  test::CountingOutput output;
  std::int64_t now_ns = 0;
  for (auto _ : state) {
    now_ns += step_ns;
    if (stage.next_deadline_ns() <= now_ns) stage.release(now_ns, output);
    stage.process(frames.packets(), now_ns, output);
  }
  benchmark::DoNotOptimize(output.passed_segments);
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

/// A link of 100 Gbit/s that is offered half of it: what a queue costs, of which nothing is lost.
/// Batches of FLOWS flows in turn.
void stage_queue(benchmark::State& state, QueueKind kind) {
  constexpr std::uint64_t kRate = 100'000'000'000;
  FrameSet frames(kStagePackets);
  for (std::size_t packet = 0; packet < kStagePackets; ++packet)
    frames.add({.is_tcp = true,
                .payload_bytes = kSegments * 1448,
                .gso_size = 1448,
                .source_port = static_cast<std::uint16_t>(
                    40'000 + packet % static_cast<std::size_t>(state.range(0)))});
  for (std::size_t packet = 0; packet < kStagePackets; ++packet)
    frames.packets()[packet].buffer = static_cast<BufferId>(packet);
  Bottleneck stage(std::make_unique<RatePace>(std::vector<RatePace::Step>{{0, kRate}}, 0, 0, 0),
                   {.queue = {.kind = kind, .limit = 60'000}});
  test::CountingOutput output;
  std::int64_t now_ns = 0;
  for (auto _ : state) {
    now_ns += 80'000;
    if (stage.next_deadline_ns() <= now_ns) stage.release(now_ns, output);
    stage.process(frames.packets(), now_ns, output);
  }
  benchmark::DoNotOptimize(output.passed_segments);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kStagePackets) *
                          kSegments);
}
BENCHMARK_CAPTURE(stage_queue, droptail, QueueKind::kDropTail)->Arg(1)->Arg(4);
BENCHMARK_CAPTURE(stage_queue, codel, QueueKind::kCodel)->Arg(1)->Arg(4);
BENCHMARK_CAPTURE(stage_queue, fq_codel, QueueKind::kFqCodel)->Arg(1)->Arg(4);
BENCHMARK_CAPTURE(stage_queue, dualpi2, QueueKind::kDualPi2)->Arg(1)->Arg(4);

}  // namespace
}  // namespace tunrelay::bench
