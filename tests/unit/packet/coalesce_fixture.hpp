// SPDX-License-Identifier: MIT
// What the tests of the Coalescer share.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "packet/coalesce.hpp"
#include "support/merge_checks.hpp"

namespace tunrelay::test {

/// The sizes of the groups that FRAMES are merged into; all properties are checked as well.
inline std::vector<std::size_t> group_sizes(const std::vector<Frame>& frames,
                                            const MergeRules& rules = {},
                                            LinkType link_type = LinkType::kIp) {
  Coalescer coalescer{rules};
  const ScriptedBatch batch{link_type, frames};
  EXPECT_EQ(MergeChecks(coalescer, rules, batch).run(), "");
  std::vector<std::size_t> sizes;
  for (const MergeGroup& group : coalescer.groups()) sizes.push_back(group.count);
  return sizes;
}

/// COUNT packets of one flow that go on in sequence, each changed by CHANGE(number, spec).
template <typename Change>
std::vector<Frame> packets_of(PacketSpec spec, std::size_t count, Change change) {
  std::vector<Frame> frames;
  const PacketSpec first = spec;
  for (std::size_t number = 0; number < count; ++number) {
    spec.id = static_cast<std::uint16_t>(first.id + number);
    PacketSpec next = spec;
    change(number, next);
    frames.push_back(build_frame(next));
    spec.sequence = next.sequence + static_cast<std::uint32_t>(next.payload.size());
  }
  return frames;
}

inline std::vector<Frame> packets_of(const PacketSpec& spec, std::size_t count) {
  return packets_of(spec, count, [](std::size_t, PacketSpec&) {});
}

inline PacketSpec tcp_spec(int ip_version = 4) {
  PacketSpec spec;
  spec.ip_version = ip_version;
  spec.payload = counting_bytes(1000);
  spec.tcp_options = Bytes(12, std::byte{1});
  return spec;
}

inline PacketSpec udp_spec(int ip_version = 4) {
  PacketSpec spec = tcp_spec(ip_version);
  spec.is_tcp = false;
  spec.tcp_options.clear();
  return spec;
}

}  // namespace tunrelay::test
