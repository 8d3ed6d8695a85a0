// SPDX-License-Identifier: MIT
// parse(): what checking a frame and its virtio-net header costs each packet read. The
// headers are in the cache, as they are behind a read that has just copied them.
// read_trusting is the alternative: the same fields taken from the headers unchecked.
#include <benchmark/benchmark.h>
#include <netinet/in.h>

#include "packet_frames.hpp"

namespace tunrelay::bench {
namespace {

constexpr std::size_t kParsedPackets = 64;

FrameSet frames_of(int form) {
  FrameSet frames(kParsedPackets);
  for (std::size_t at = 0; at < kParsedPackets; ++at) {
    const FrameForm forms[] = {{.is_tcp = true, .payload_bytes = 1448},
                               {.is_tcp = false, .payload_bytes = 64},
                               {.is_tcp = true, .payload_bytes = 62000, .gso_size = 1448},
                               {.is_tcp = true, .ip_version = 6, .payload_bytes = 1428}};
    frames.add(forms[form]);
  }
  return frames;
}

void name_form(benchmark::State& state) {
  constexpr const char* kFormNames[] = {"TCP 1448", "UDP 64", "TCP 62000 GSO", "TCP over IPv6"};
  state.SetLabel(kFormNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kParsedPackets));
}

void parse_frames(benchmark::State& state) {
  FrameSet frames = frames_of(static_cast<int>(state.range(0)));
  const std::vector<Packet> as_read = frames.packets();
  const LinkLimits limits;
  for (auto _ : state)
    for (std::size_t at = 0; at < kParsedPackets; ++at) {
      Packet& packet = frames.packets()[at];
      packet.header = as_read[at].header;
      benchmark::DoNotOptimize(parse(packet, limits));
    }
  name_form(state);
}
BENCHMARK(parse_frames)->DenseRange(0, 3);

/// The layers of a frame that is taken for what it seems to be.
void trust(Packet& packet) noexcept {
  const std::byte* ip = packet.frame;
  Layers& layers = packet.layers;
  layers = {};
  layers.ip_version = load_u8(ip) >> 4;
  if (layers.ip_version == 4) {
    layers.protocol = load_u8(ip + ipv4::kProtocol);
    layers.transport_offset = static_cast<std::uint16_t>((load_u8(ip) & 0x0fU) * 4);
  } else {
    layers.protocol = load_u8(ip + ipv6::kNextHeader);
    layers.transport_offset = ipv6::kHeaderBytes;
  }
  const std::byte* transport = ip + layers.transport_offset;
  layers.payload_offset = static_cast<std::uint16_t>(
      layers.transport_offset + (layers.protocol == IPPROTO_TCP
                                     ? (load_u8(transport + tcp::kDataOffset) >> 4) * 4U
                                     : udp::kHeaderBytes));
  packet.run = {0, static_cast<std::uint16_t>(packet.segments())};
}

void parse_floor_trusting(benchmark::State& state) {
  FrameSet frames = frames_of(static_cast<int>(state.range(0)));
  const std::vector<Packet> as_read = frames.packets();
  for (auto _ : state)
    for (std::size_t at = 0; at < kParsedPackets; ++at) {
      Packet& packet = frames.packets()[at];
      packet.header = as_read[at].header;
      trust(packet);
      benchmark::DoNotOptimize(packet);
    }
  name_form(state);
}
BENCHMARK(parse_floor_trusting)->DenseRange(0, 3);

}  // namespace
}  // namespace tunrelay::bench
