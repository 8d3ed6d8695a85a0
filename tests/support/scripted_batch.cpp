// SPDX-License-Identifier: MIT
#include "support/scripted_batch.hpp"

#include <netinet/in.h>

#include <array>

#include "packet/batch.hpp"

namespace tunrelay::test {
namespace {

constexpr std::size_t kFlows = 4;

/// A flow's next packet, and what it does after each.
struct Flow {
  PacketSpec spec;
  std::size_t payload_bytes = 100;
  std::uint16_t id_step = 1;
  std::uint16_t segments = 0;  ///< not 0: super-packets of so many
  std::size_t unit_bytes = 6;  ///< of payloads
};

/// The first bytes of a script: one for the link, two for each flow.
constexpr std::size_t kPreambleBytes = 1 + 2 * kFlows;
constexpr std::size_t kBytesAPacket = 3;

Flow make_flow(std::size_t number, LinkType link_type, std::size_t unit_bytes, std::uint8_t size,
               std::uint8_t traits) {
  Flow flow;
  flow.unit_bytes = unit_bytes;
  PacketSpec& spec = flow.spec;
  spec.link_type = link_type;
  spec.is_tcp = number % 2 == 0;
  spec.ip_version = number < 2 ? 4 : 6;
  spec.source_port = static_cast<std::uint16_t>(40000 + (traits & 1));  // some flows share ports
  spec.sequence = (traits & 2) != 0 ? 0xffffff00 : 1000;
  spec.id = (traits & 4) != 0 ? 0xfff8 : 10;
  flow.id_step = (traits & 8) != 0 ? 0 : 1;
  spec.dont_fragment = (traits & 16) == 0;
  spec.checksum = (traits & 32) != 0 ? ChecksumState::kComplete : ChecksumState::kPending;
  if ((traits & 64) != 0) spec.tcp_options = counting_bytes(12);
  if ((traits & 128) != 0) spec.vlan_tags = {7};
  flow.payload_bytes = 1 + size * unit_bytes;
  if (size % 4 == 3) {
    flow.segments = static_cast<std::uint16_t>(2 + (traits & 3));
    flow.payload_bytes = flow.segments * (8 + size * unit_bytes);
    spec.gso_size = static_cast<std::uint16_t>(flow.payload_bytes / flow.segments);
    spec.checksum = ChecksumState::kPending;
    flow.id_step = static_cast<std::uint16_t>(flow.id_step * flow.segments);
  }
  return flow;
}

/// What a packet does apart from going on: to its spec, and for good or once.
void vary_spec(Flow& flow, PacketSpec& once, std::uint8_t action, std::uint8_t amount) {
  switch (action) {
    case 40:
      once.payload.resize(once.payload.size() * amount / 256);
      break;
    case 41:
      flow.payload_bytes = 1 + amount * flow.unit_bytes;
      once.payload = counting_bytes(flow.payload_bytes);
      break;
    case 42:
      once.tcp_flags |= 0x08;
      break;
    case 43:
      once.tcp_flags = amount;
      break;
    case 44:
      once.id = flow.spec.id = static_cast<std::uint16_t>(flow.spec.id + amount);
      break;
    case 45:
      flow.id_step ^= 1;
      break;
    case 46:
      once.dont_fragment = flow.spec.dont_fragment = !flow.spec.dont_fragment;
      break;
    case 47:
      once.ttl = amount;
      break;
    case 48:
      once.traffic_class = amount;
      break;
    case 49:
      once.acknowledgement = flow.spec.acknowledgement += amount;
      break;
    case 50:
      once.window = amount;
      break;
    case 51:
      once.sequence = flow.spec.sequence += amount - 128U;
      break;
    case 52:
      once.payload.clear();
      break;
    case 57:
      once.checksum = flow.spec.checksum = static_cast<ChecksumState>(amount % 3);
      break;
    case 58:
      once.vlan_tags = {amount};
      break;
    case 59:
      once.tcp_options = flow.spec.tcp_options = counting_bytes(amount % 11 * 4, amount);
      break;
    case 61:
      once.ip_options = Bytes(4, std::byte{1});
      once.extensions = {{60, Bytes(8)}};
      break;
    case 63:
      once.flow_label = amount;
      once.urgent = amount;
      break;
    default:
      break;
  }
}

/// What happens to the packet once it is made. Offsets are those of headers without options.
void vary_frame(Frame& frame, std::size_t ip, const PacketSpec& spec, std::uint8_t action,
                std::uint8_t amount) {
  const std::size_t transport = ip + (spec.ip_version == 4 ? 20U : 40U);
  switch (action) {
    case 53:
      frame.bytes[transport + (spec.is_tcp ? 17 : 7)] ^= static_cast<std::byte>(amount);
      break;
    case 54:
      if (spec.ip_version == 4) frame.bytes[ip + 11] ^= static_cast<std::byte>(amount);
      break;
    case 56:
      if (spec.ip_version == 4) set_u16(frame.bytes, ip + 6, 0x2000);
      break;
    case 60:
      frame.bytes[ip + (spec.ip_version == 4 ? 9 : 6)] = std::byte{47};
      break;
    case 62:
      frame.bytes.resize(frame.bytes.size() + 1 + amount % 20);
      break;
    default:
      break;
  }
}

/// What no super-packet can be: a fragment, with a complete checksum, of another protocol, padded.
bool excludes_super_packet(std::uint8_t action) {
  return action == 56 || action == 57 || action == 60 || action == 62;
}

Frame next_frame(Flow& flow, std::uint8_t action, std::uint8_t amount) {
  if (flow.segments != 0 && excludes_super_packet(action)) action = 0;
  PacketSpec once = flow.spec;
  once.payload = counting_bytes(flow.payload_bytes, once.sequence % 251);
  vary_spec(flow, once, action, amount);
  if (action == 55) {
    once.payload = counting_bytes(1000);
    once.gso_size = 200;
    once.checksum = ChecksumState::kPending;
  }
  flow.spec.sequence = once.sequence + static_cast<std::uint32_t>(once.payload.size());
  flow.spec.id = static_cast<std::uint16_t>(flow.spec.id + flow.id_step);
  Frame frame = build_frame(once);
  const std::size_t link_bytes =
      once.link_type == LinkType::kIp ? 0 : 14 + 4 * once.vlan_tags.size();
  vary_frame(frame, link_bytes, once, action, amount);
  return frame;
}

}  // namespace

ScriptedBatch batch_of(std::span<const std::uint8_t> script) {
  ScriptedBatch batch;
  if (script.size() < kPreambleBytes) return batch;
  batch.link_type = script[0] % 2 == 0 ? LinkType::kIp : LinkType::kEthernet;
  // Small payloads take a sixth of the time, and only large ones reach the limits of lengths.
  const std::size_t unit_bytes = (script[0] & 2) != 0 ? 1 : 6;
  std::array<Flow, kFlows> flows;
  for (std::size_t number = 0; number < kFlows; ++number)
    flows[number] = make_flow(number, batch.link_type, unit_bytes, script[1 + 2 * number],
                              script[2 + 2 * number]);
  batch.frames.reserve(kMaxBatch);
  for (std::size_t at = kPreambleBytes;
       at + kBytesAPacket <= script.size() && batch.frames.size() < kMaxBatch; at += kBytesAPacket)
    batch.frames.push_back(next_frame(flows[script[at] % kFlows],
                                      static_cast<std::uint8_t>(script[at + 1] % 64),
                                      script[at + 2]));
  return batch;
}

}  // namespace tunrelay::test
