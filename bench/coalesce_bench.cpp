// SPDX-License-Identifier: MIT
// The Coalescer over batches of 64 packets, time a packet. Batches in which nothing can be
// merged come first: they pay for what they do not get, so that must be next to nothing. The
// floor beside them hands every packet on as a group of one. Where there is something to
// merge, merge_by_copy is the alternative: payloads copied behind each other into one buffer.
#include <benchmark/benchmark.h>

#include <cstring>

#include "packet/coalesce.hpp"
#include "packet_frames.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::uint16_t kPackets = 64;

enum BatchKind : std::int64_t {
  kSuperPackets,
  kAcknowledgements,
  kOtherFlows,
  kSuperPacketsAndAcknowledgements,
  kOneUdpFlow,
  kOneTcpFlow,
  kFourFlows,
  kCompleteChecksums,
};
constexpr const char* kBatchNames[] = {"nothing to merge: super-packets",
                                       "nothing to merge: acknowledgements",
                                       "nothing to merge: 64 flows",
                                       "nothing to merge: super-packets and acknowledgements",
                                       "UDP 64, one flow",
                                       "TCP 1448, one flow",
                                       "UDP 64, four flows interleaved",
                                       "TCP 1448, one flow, checksums to verify"};

FrameForm form_of(BatchKind kind, std::uint16_t number) {
  FrameForm form{.number = number};
  switch (kind) {
    case kSuperPackets:
      form.payload_bytes = 43 * 1448;
      form.gso_size = 1448;
      break;
    case kAcknowledgements:
      form.payload_bytes = 0;
      break;
    case kOtherFlows:
      form.payload_bytes = 64;
      form.is_tcp = false;
      form.source_port = number;
      break;
    case kSuperPacketsAndAcknowledgements:
      form.payload_bytes = number % 2 == 0 ? 43 * 1448 : 0;
      form.gso_size = number % 2 == 0 ? 1448 : 0;
      form.source_port = number % 2;
      break;
    case kOneUdpFlow:
      form.is_tcp = false;
      form.payload_bytes = 64;
      break;
    case kOneTcpFlow:
      break;
    case kFourFlows:
      form.is_tcp = false;
      form.payload_bytes = 64;
      form.source_port = number % 4;
      form.number = number / 4;
      break;
    case kCompleteChecksums:
      form.checksum_complete = true;
      break;
  }
  return form;
}

FrameSet batch_of(benchmark::State& state) {
  FrameSet frames(kPackets);
  for (std::uint16_t number = 0; number < kPackets; ++number)
    frames.add(form_of(static_cast<BatchKind>(state.range(0)), number));
  state.SetLabel(kBatchNames[state.range(0)]);
  return frames;
}

void coalesce_plan(benchmark::State& state) {
  const FrameSet frames = batch_of(state);
  Coalescer coalescer;
  for (auto _ : state) {
    coalescer.plan(frames.packets());
    benchmark::DoNotOptimize(coalescer.groups().data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
}
BENCHMARK(coalesce_plan)->DenseRange(kSuperPackets, kCompleteChecksums);

void coalesce_plan_and_build(benchmark::State& state) {
  const FrameSet frames = batch_of(state);
  Coalescer coalescer;
  HeaderSlot slot;
  std::array<iovec, kMaxMergedPieces> pieces;
  for (auto _ : state) {
    coalescer.plan(frames.packets());
    for (const MergeGroup& group : coalescer.groups())
      benchmark::DoNotOptimize(coalescer.build(group, slot, pieces));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
}
BENCHMARK(coalesce_plan_and_build)->DenseRange(kSuperPackets, kCompleteChecksums);

void coalesce_floor_groups_of_one(benchmark::State& state) {
  const FrameSet frames = batch_of(state);
  std::array<MergeGroup, kMaxBatch> groups;
  for (auto _ : state) {
    for (std::uint16_t at = 0; at < kPackets; ++at) {
      groups[at] = {.first = at, .last = at, .count = 1, .payload_bytes = 0};
      std::uint32_t bytes = frames.packets()[at].frame_bytes;
      benchmark::DoNotOptimize(bytes);
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
}
BENCHMARK(coalesce_floor_groups_of_one)->Arg(kSuperPackets);

void coalesce_floor_merge_by_copy(benchmark::State& state) {
  const FrameSet frames = batch_of(state);
  Coalescer coalescer;
  HeaderSlot slot;
  std::array<iovec, kMaxMergedPieces> pieces;
  std::vector<std::byte> copy(70000);
  for (auto _ : state) {
    coalescer.plan(frames.packets());
    for (const MergeGroup& group : coalescer.groups()) {
      const std::size_t count = coalescer.build(group, slot, pieces);
      std::byte* at = copy.data();
      for (std::size_t piece = 0; piece < count; ++piece) {
        std::memcpy(at, pieces[piece].iov_base, pieces[piece].iov_len);
        at += pieces[piece].iov_len;
      }
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
}
BENCHMARK(coalesce_floor_merge_by_copy)->DenseRange(kOneUdpFlow, kFourFlows);

}  // namespace
}  // namespace tunrelay::bench
