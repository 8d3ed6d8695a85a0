// SPDX-License-Identifier: MIT
// build_run(): what writing a part of a super-packet costs before the system call, beside the
// alternative of copying that part into a buffer of its own.
#include <benchmark/benchmark.h>

#include <cstring>

#include "packet/segment_run.hpp"
#include "packet_frames.hpp"

namespace tunrelay::bench {
namespace {

constexpr SegmentRun kRuns[] = {{0, 43}, {0, 7}, {8, 43}, {7, 8}};
constexpr const char* kRunNames[] = {"whole", "first 7 of 43", "last 35 of 43", "one of 43"};

FrameSet one_super_packet() {
  FrameSet frames(1);
  frames.add({.is_tcp = true, .payload_bytes = 43 * 1448, .gso_size = 1448});
  return frames;
}

void segment_run_build(benchmark::State& state) {
  const FrameSet frames = one_super_packet();
  Packet packet = frames.packets()[0];
  packet.run = kRuns[state.range(0)];
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  for (auto _ : state) {
    benchmark::DoNotOptimize(build_run(packet, slot, pieces));
    benchmark::ClobberMemory();
  }
  state.SetLabel(kRunNames[state.range(0)]);
}
BENCHMARK(segment_run_build)->DenseRange(0, 3);

void segment_run_floor_copy(benchmark::State& state) {
  const FrameSet frames = one_super_packet();
  Packet packet = frames.packets()[0];
  packet.run = kRuns[state.range(0)];
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  std::vector<std::byte> copy(70000);
  for (auto _ : state) {
    const std::size_t count = build_run(packet, slot, pieces);
    std::byte* at = copy.data();
    for (std::size_t piece = 0; piece < count; ++piece) {
      std::memcpy(at, pieces[piece].iov_base, pieces[piece].iov_len);
      at += pieces[piece].iov_len;
    }
    benchmark::ClobberMemory();
  }
  state.SetLabel(kRunNames[state.range(0)]);
}
BENCHMARK(segment_run_floor_copy)->DenseRange(0, 3);

}  // namespace
}  // namespace tunrelay::bench
