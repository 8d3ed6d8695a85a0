// SPDX-License-Identifier: MIT
// A whole relay of one worker over socketpairs, both engines: a burst goes in at a's end and
// comes out at b's. The burst's own send() and recv() calls are in the figure, so compare rows
// with each other, and with `socketpair alone`, which is those calls without a relay. The rows
// `through_a_stage` have a stage in each direction that passes all: what the way through the
// stages costs when none of them does anything.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "support/socket_device.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::size_t kMaxBurst = 64;

void pass_burst(benchmark::State& state, const test::SocketDevice& in,
                const test::SocketDevice& out, std::size_t payload_bytes) {
  const auto burst = static_cast<std::size_t>(state.range(0));
  const std::string frame = test::udp_frame(std::string(payload_bytes, 'x'));
  for (auto _ : state) {
    for (std::size_t packet = 0; packet < burst; ++packet)
      if (!in.send(0, frame)) return state.SkipWithError("the socketpair is full");
    for (std::size_t packet = 0; packet < burst; ++packet)
      if (out.receive(0).empty()) return state.SkipWithError("a packet got lost");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.items_processed() * static_cast<std::int64_t>(frame.size()));
}

class PassAll final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "pass-all"; }
  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) output.pass(packet);
  }
};

void through_a_relay(benchmark::State& state, EngineKind engine, std::size_t payload_bytes,
                     const std::vector<StageSpec>& stages) {
  if (engine == EngineKind::kUring && !probe_uring().available)
    return state.SkipWithError("no io_uring here");
  const test::SocketDevice a(1);
  const test::SocketDevice b(1);
  RelayConfig config = test::socket_relay(a, b, engine);
  config.merge = {kNoMerging, kNoMerging};  // what comes out is counted in packets
  config.stages.fill(stages);
  Relay relay(config);
  relay.start();
  pass_burst(state, a, b, payload_bytes);
}

void worker_alone(benchmark::State& state, EngineKind engine, std::size_t payload_bytes) {
  through_a_relay(state, engine, payload_bytes, {});
}

void worker_through_a_stage(benchmark::State& state, EngineKind engine, std::size_t payload_bytes) {
  through_a_relay(state, engine, payload_bytes,
                  {{StageScope::kLane, [](std::size_t) -> std::unique_ptr<Stage> {
                      return std::make_unique<PassAll>();
                    }}});
}
BENCHMARK_CAPTURE(worker_through_a_stage, uring_64, EngineKind::kUring, 64)
    ->RangeMultiplier(8)
    ->Range(1, kMaxBurst)
    ->UseRealTime();
BENCHMARK_CAPTURE(worker_alone, uring_64, EngineKind::kUring, 64)
    ->RangeMultiplier(8)
    ->Range(1, kMaxBurst)
    ->UseRealTime();
BENCHMARK_CAPTURE(worker_alone, syscall_64, EngineKind::kSyscall, 64)
    ->RangeMultiplier(8)
    ->Range(1, kMaxBurst)
    ->UseRealTime();
BENCHMARK_CAPTURE(worker_alone, uring_1400, EngineKind::kUring, 1400)
    ->Arg(kMaxBurst)
    ->UseRealTime();
BENCHMARK_CAPTURE(worker_alone, syscall_1400, EngineKind::kSyscall, 1400)
    ->Arg(kMaxBurst)
    ->UseRealTime();

void worker_floor_socketpair(benchmark::State& state) {
  test::SocketDevice in(1);
  test::SocketDevice out(1);
  // What is sent at one end is received at the other: no relay between.
  out.queues[0].far = std::move(in.queues[0].near);
  pass_burst(state, in, out, 64);
}
BENCHMARK(worker_floor_socketpair)->RangeMultiplier(8)->Range(1, kMaxBurst)->UseRealTime();

}  // namespace
}  // namespace tunrelay::bench
