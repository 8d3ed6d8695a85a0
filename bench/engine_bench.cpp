// SPDX-License-Identifier: MIT
// One turn of an engine over socketpairs, without threads: a burst is read and written on.
// The rows of the two engines differ by the engine alone.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>

#include "engine/engine.hpp"
#include "os/event_fd.hpp"
#include "support/endpoint_pair.hpp"

namespace tunrelay::bench {
namespace {

void engine_read_and_write_a_burst(benchmark::State& state, EngineKind kind) {
  if (kind == EngineKind::kUring && !probe_uring().available)
    return state.SkipWithError("no io_uring here");
  const auto burst = static_cast<std::size_t>(state.range(0));
  const std::array<test::EndpointPair, 2> pairs;
  const EventFd wake;
  BufferArena arena(192);
  EngineCounters counters;
  const std::array<Endpoint, 2> endpoints{
      {{.fd = pairs[0].near.get()}, {.fd = pairs[1].near.get()}}};
  const auto engine = make_engine({.kind = kind}, arena, endpoints, wake.fd(), counters);
  auto turn = std::make_unique<Turn>();
  const std::string packet(static_cast<std::size_t>(state.range(1)), 'x');
  engine->turn(0, *turn);
  for (auto _ : state) {
    for (std::size_t sent = 0; sent < burst; ++sent)
      if (!pairs[0].send(packet)) return state.SkipWithError("the socketpair is full");
    for (std::size_t got = 0; got < burst;) {
      engine->turn(0, *turn);
      for (std::size_t at = 0; at < turn->arrival_count; ++at) {
        const Arrival& arrival = turn->arrivals[at];
        const iovec piece{.iov_base = arena.data(arrival.buffer), .iov_len = arrival.length};
        engine->write({1, {&arrival.buffer, 1}, {1, 1, arrival.length}, {&piece, 1}});
      }
      got += turn->arrival_count;
    }
    engine->turn(0, *turn);
    for (std::size_t got = 0; got < burst; ++got)
      if (pairs[1].receive().empty()) return state.SkipWithError("a packet got lost");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(engine_read_and_write_a_burst, uring, EngineKind::kUring)
    ->ArgsProduct({{1, 8, 64}, {64, 1400}});
BENCHMARK_CAPTURE(engine_read_and_write_a_burst, syscall, EngineKind::kSyscall)
    ->ArgsProduct({{1, 8, 64}, {64, 1400}});

}  // namespace
}  // namespace tunrelay::bench
