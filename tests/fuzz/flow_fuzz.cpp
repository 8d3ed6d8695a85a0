// SPDX-License-Identifier: MIT
// A table of flows on scripted connections, which a naive reference counts too, and on any bytes.
// Input: which of both (1 byte); a script (support/flow_script.hpp), its first sequence number (4
// bytes) before it; or frames of up to 255 bytes, the length (1 byte) and the virtio-net header (10
// bytes) before each.
// Covers: flow/flow_table.cpp flow/tcp_*.cpp flow/sequence_ranges.*
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "support/flow_script.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

namespace {

void play_script(std::span<const std::uint8_t> input) {
  std::uint32_t initial = 0;
  if (input.size() < sizeof initial) return;
  std::memcpy(&initial, input.data(), sizeof initial);
  const std::string fault = FlowScript(initial).play(input.subspan(sizeof initial));
  if (fault.empty()) return;
  std::fprintf(stderr, "%s\n", fault.c_str());
  std::abort();
}

void take_frames(std::span<const std::uint8_t> input, LinkType type) {
  FlowTable table{2};
  table.begin();
  std::int64_t now_ns = 1;
  Tally read;
  while (input.size() > 1 + kVirtioNetHeaderBytes) {
    const auto bytes = std::as_bytes(input);
    const std::size_t length =
        std::min<std::size_t>(input[0], input.size() - 1 - kVirtioNetHeaderBytes);
    const auto frame = bytes.subspan(1 + kVirtioNetHeaderBytes, length);
    OwnedPacket owned{Frame{load_virtio_net_header(&bytes[1]), Bytes(frame.begin(), frame.end())},
                      {type, 65535}};
    if (owned.fault) owned.packet.header = {};
    const auto direction = static_cast<Direction>(input[0] % 2);
    input = input.subspan(1 + kVirtioNetHeaderBytes + length);
    table.arrived(owned.packet, direction, now_ns++);
    read += tally_of(owned.packet);
    if (owned.fault)
      table.dropped(owned.packet, direction);
    else
      table.left(owned.packet, direction, now_ns++);
  }
  FlowSnapshot snapshot;
  table.add_to(snapshot, 2);
  Tally sum;
  for (const auto* tallies : {&snapshot.flows, &snapshot.former, &snapshot.other})
    for (const FlowTallies& each : *tallies) sum += each.read;
  if (!(sum == read)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::span input{data, size};
  if (data[0] % 2 == 0)
    play_script(input.subspan(1, std::min<std::size_t>(size - 1, 400)));
  else
    take_frames(input.subspan(1), data[0] % 4 == 1 ? LinkType::kIp : LinkType::kEthernet);
  return 0;
}
