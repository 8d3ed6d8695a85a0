// SPDX-License-Identifier: MIT
// build_run() on super-packets of any form: what the receiver sees of a run is what the naive
// segmenter cuts from the whole.
// Input: the form of a super-packet (12 bytes), the run (2 bytes), then patches to its
// headers, 2 bytes each (place, value).
// Covers: packet/segment_run.cpp
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "packet/segment_run.hpp"
#include "support/naive_segmenter.hpp"
#include "support/owned_packet.hpp"
#include "support/random_packet.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

namespace {

constexpr std::size_t kFormBytes = 12;

PacketSpec spec_of(std::span<const std::uint8_t> form) {
  PacketSpec spec;
  spec.link_type = (form[0] & 1) == 0 ? LinkType::kIp : LinkType::kEthernet;
  spec.ip_version = (form[0] & 2) == 0 ? 4 : 6;
  spec.is_tcp = (form[0] & 4) == 0;
  spec.vlan_tags.assign(form[0] >> 5, 5);
  spec.ip_options = Bytes(form[1] % 11 * 4U, std::byte{1});
  if (form[2] % 4 != 0) spec.extensions.emplace_back(60, Bytes(form[2] / 4 * 8U + 8));
  spec.tcp_options = Bytes(form[3] % 11 * 4U, std::byte{1});
  spec.tcp_flags = form[4];
  spec.gso_bits = form[5] & (VirtioNetHeader::kGsoEcn | VirtioNetHeader::kGsoAccurateEcn);
  spec.sequence = std::uint32_t{form[6]} << 24 | form[7];
  spec.id = static_cast<std::uint16_t>(form[7] << 8 | form[6]);
  spec.gso_size = static_cast<std::uint16_t>(1 + form[8] * (form[9] % 8 + 1));
  const std::size_t segments = form[10] % 140;
  spec.payload = counting_bytes(std::min<std::size_t>(60000, segments * spec.gso_size + form[11]));
  return spec;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kFormBytes + 2) return 0;
  const std::span input{data, size};
  const PacketSpec spec = spec_of(input);
  Frame frame = build_frame(spec);
  for (std::size_t at = kFormBytes + 2; at + 2 <= size; at += 2)
    frame.bytes[input[at] % frame.bytes.size()] = static_cast<std::byte>(input[at + 1]);
  const LinkLimits limits{spec.link_type, kAnyMtu};
  OwnedPacket owned{frame, limits};
  if (owned.fault) return 0;

  frame.header = owned.packet.header;
  const std::vector<Frame> segments = segment_naively(frame, spec.link_type);
  if (segments.size() != owned.packet.segments()) std::abort();
  const std::size_t first = input[kFormBytes] % segments.size();
  const std::size_t last = first + 1 + input[kFormBytes + 1] % (segments.size() - first);
  owned.packet.run = {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
  HeaderSlot slot;
  std::array<iovec, kMaxRunPieces> pieces;
  const std::size_t count = build_run(owned.packet, slot, pieces);
  const Frame built = gathered(std::span{pieces}.first(count));
  const std::vector<Frame> expected(segments.begin() + static_cast<long>(first),
                                    segments.begin() + static_cast<long>(last));
  if (segment_naively(built, spec.link_type) != expected) std::abort();
  if (OwnedPacket{built, limits}.fault) std::abort();
  return 0;
}
