// SPDX-License-Identifier: MIT
// parse() and describe() on any bytes: the same reading as the naive parser's, no byte read
// outside the frame, and text for any packet.
// Input: link type and MTU (1 byte), how much a trace keeps (1 byte), the virtio-net header
// (10 bytes), the frame.
// Covers: packet/parse.cpp packet/layers.cpp packet/describe.cpp packet/describe_control.cpp
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "packet/checksum.hpp"
#include "packet/describe.hpp"
#include "packet/merge_rules.hpp"
#include "support/naive_parser.hpp"
#include "support/owned_packet.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

namespace {

bool same_layers(const Layers& left, const Layers& right) {
  return left.ether_type == right.ether_type && left.ip_version == right.ip_version &&
         left.protocol == right.protocol && left.ip_offset == right.ip_offset &&
         left.transport_offset == right.transport_offset &&
         left.payload_offset == right.payload_offset;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kControlBytes = 2;
  if (size < kControlBytes + kVirtioNetHeaderBytes) return 0;
  const std::span input{reinterpret_cast<const std::byte*>(data), size};
  const LinkLimits limits{(data[0] & 1) == 0 ? LinkType::kIp : LinkType::kEthernet,
                          (data[0] & 2) == 0 ? 1500U : 65575U};
  const auto bytes = input.subspan(kControlBytes + kVirtioNetHeaderBytes);
  const Frame frame{load_virtio_net_header(input.data() + kControlBytes),
                    Bytes(bytes.begin(), bytes.end())};

  const OwnedPacket owned{frame, limits};
  const auto expected = parse_naively(frame.bytes, frame.header, limits);
  if (expected.has_value() == owned.fault.has_value()) std::abort();
  if (expected && (!same_layers(owned.packet.layers, expected->layers) ||
                   owned.packet.segments() != expected->segments))
    std::abort();

  const Bytes kept(
      frame.bytes.begin(),
      frame.bytes.begin() + static_cast<long>(std::min<std::size_t>(data[1], frame.bytes.size())));
  const std::string text = describe({.bytes = kept,
                                     .frame_bytes = owned.packet.frame_bytes,
                                     .link_type = limits.type,
                                     .header = frame.header,
                                     .run = owned.packet.run});
  if (text.empty()) std::abort();
  if (owned.fault) return 0;
  static_cast<void>(check_transport_checksum(owned.packet));
  static_cast<void>(merge_role(owned.packet));
  VirtioNetHeader header = owned.packet.header;
  complete_checksum({owned.packet.frame, owned.packet.frame_bytes}, header);
  if (header.needs_checksum()) std::abort();
  return 0;
}
