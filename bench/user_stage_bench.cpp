// SPDX-License-Identifier: MIT
// What a user's stage that passes all costs on a batch of super-packets of 43 wire segments, at
// both of its endpoints as in a tunnel, by what it is shown.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <tunrelay/stage.hpp>

#include "packet_frames.hpp"
#include "plugin/endpoint_stage.hpp"
#include "plugin/user_endpoint.hpp"
#include "relay/stage_chain.hpp"
#include "support/counting_output.hpp"

namespace tunrelay::bench {
namespace {

struct UserPassAll : plugin::Endpoint {
  using Endpoint::Endpoint;
  void from_device(std::span<plugin::Frame> frames, std::int64_t /*now_ns*/) override {
    pass_all(frames);
  }
  void from_link(std::span<plugin::Frame> frames, std::int64_t /*now_ns*/) override {
    pass_all(frames);
  }
};

void user_stage_passes_all(benchmark::State& state, plugin::Access access) {
  constexpr std::size_t kUserPackets = 8;  // as many as a relay reads at once
  constexpr std::uint32_t kUserSegments = 43;
  FrameSet frames(kUserPackets);
  for (std::size_t packet = 0; packet < kUserPackets; ++packet)
    frames.add({.is_tcp = true, .payload_bytes = kUserSegments * 1448, .gso_size = 1448});
  const auto descriptor =
      plugin::describe<UserPassAll>("pass-all", access, plugin::Pairs::kEachQueue);
  const StageLibrary library(StageRequest{"pass-all", {}, &descriptor});
  StageSurroundings around;
  around.begun_ns = 0;
  EndpointCounters counters;
  const auto a = std::make_shared<UserEndpoint>(library, EndpointPlace{}, around, counters);
  const auto b = std::make_shared<UserEndpoint>(library, EndpointPlace{.end = 1}, around, counters);
  b->share_shown(*a);
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<EndpointStage>(a, EndpointWay::kToLink));
  stages.push_back(std::make_unique<EndpointStage>(b, EndpointWay::kToDevice));
  test::CountingOutput output;
  StageChain chain(std::move(stages), output);
  for (auto _ : state) chain.process(frames.packets(), 1'000);
  benchmark::DoNotOptimize(output.passed_segments);
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(kUserPackets * kUserSegments));
}
BENCHMARK_CAPTURE(user_stage_passes_all, super_packets, plugin::Access::kLooksAtSuperPackets);
BENCHMARK_CAPTURE(user_stage_passes_all, wire_headers, plugin::Access::kLooksAtWireHeaders);
BENCHMARK_CAPTURE(user_stage_passes_all, wire_segments, plugin::Access::kLooksAtWireSegments);

}  // namespace
}  // namespace tunrelay::bench
