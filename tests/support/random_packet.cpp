// SPDX-License-Identifier: MIT
#include "support/random_packet.hpp"

#include <algorithm>
#include <array>

namespace tunrelay::test {
namespace {

template <typename Number>
Number draw(SeededRandom& random) {
  return static_cast<Number>(random.generator()());
}

Bytes random_units(SeededRandom& random, std::size_t unit_bytes, std::size_t units_max) {
  return random.bytes(unit_bytes * random.between(1, units_max));
}

}  // namespace

PacketSpec random_spec(SeededRandom& random, bool with_gso) {
  PacketSpec spec;
  spec.link_type = random.chance(0.5) ? LinkType::kIp : LinkType::kEthernet;
  if (random.chance(0.3))
    for (std::size_t tags = random.between(1, 4); tags > 0; --tags)
      spec.vlan_tags.push_back(draw<std::uint16_t>(random));
  spec.ip_version = random.chance(0.5) ? 4 : 6;
  spec.is_tcp = random.chance(0.5);
  spec.source_port = draw<std::uint16_t>(random);
  spec.destination_port = draw<std::uint16_t>(random);
  spec.traffic_class = draw<std::uint8_t>(random);
  spec.ttl = draw<std::uint8_t>(random);
  spec.id = draw<std::uint16_t>(random);
  spec.dont_fragment = random.chance(0.5);
  spec.flow_label = draw<std::uint32_t>(random) & 0xfffff;
  if (random.chance(0.2)) spec.ip_options = random_units(random, 4, 10);
  if (random.chance(0.2))
    for (const std::uint8_t type : std::array<std::uint8_t, 3>{0, 60, 43})
      if (random.chance(0.5)) spec.extensions.emplace_back(type, random_units(random, 8, 4));
  // Near the wrap-around often enough to meet it.
  spec.sequence =
      random.chance(0.3) ? 0xffffffff - draw<std::uint16_t>(random) : draw<std::uint32_t>(random);
  spec.acknowledgement = draw<std::uint32_t>(random);
  spec.tcp_flags = draw<std::uint8_t>(random);
  spec.window = draw<std::uint16_t>(random);
  spec.urgent = draw<std::uint16_t>(random);
  if (random.chance(0.5)) spec.tcp_options = random_units(random, 4, 10);
  if (with_gso) {
    spec.gso_size = static_cast<std::uint16_t>(random.chance(0.5) ? random.between(8, 64)
                                                                  : random.between(8, 3000));
    const std::size_t segments_max =
        std::min<std::size_t>(spec.is_tcp ? 60000 : 128, 62000U / spec.gso_size);
    const std::size_t segments = random.between(2, std::max<std::size_t>(2, segments_max));
    // From just above all segments but one to all of them full.
    spec.payload = random.bytes((segments - 1) * std::size_t{spec.gso_size} +
                                random.between(1, spec.gso_size));
    if (spec.is_tcp)
      spec.gso_bits = std::array<std::uint8_t, 3>{
          0, VirtioNetHeader::kGsoEcn, VirtioNetHeader::kGsoAccurateEcn}[random.between(0, 2)];
  } else {
    spec.payload = random.bytes(random.chance(0.1) ? 0 : random.between(1, 2000));
    spec.checksum = static_cast<ChecksumState>(random.between(0, spec.is_tcp ? 1 : 2));
  }
  return spec;
}

void damage(SeededRandom& random, Frame& frame) {
  const auto frame_byte = [&](std::size_t below) -> std::byte& {
    return frame.bytes[random.between(0, std::min(below, frame.bytes.size()) - 1)];
  };
  for (std::size_t times = random.between(1, 3); times > 0 && !frame.bytes.empty(); --times) {
    switch (random.between(0, 7)) {
      case 0:  // most of what matters stands in the first bytes
      case 1:
        frame_byte(64) = draw<std::byte>(random);
        break;
      case 2:
        frame_byte(64) ^= static_cast<std::byte>(1U << random.between(0, 7));
        break;
      case 3:
        frame_byte(frame.bytes.size()) = draw<std::byte>(random);
        break;
      case 4:
        frame.bytes.resize(random.chance(0.5) ? random.between(0, 80)
                                              : random.between(0, frame.bytes.size() + 20));
        break;
      case 5: {  // any bit of the virtio-net header
        std::array<std::byte, kVirtioNetHeaderBytes> raw;
        store_virtio_net_header(raw.data(), frame.header);
        raw[random.between(0, raw.size() - 1)] ^=
            static_cast<std::byte>(1U << random.between(0, 7));
        frame.header = load_virtio_net_header(raw.data());
        break;
      }
      case 6:
        frame.header.gso_type =
            std::array<std::uint8_t, 8>{0, 1, 3, 4, 5, 0x80, 0x81, 0x14}[random.between(0, 7)];
        break;
      default:
        frame.header.gso_size = static_cast<std::uint16_t>(
            random.chance(0.5) ? random.between(0, 20) : random.between(0, 65535));
        break;
    }
  }
}

}  // namespace tunrelay::test
