// SPDX-License-Identifier: MIT
// Fragments against a plain reassembly, and their headers by RFC 791.
#include "packet/fragment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/owned_packet.hpp"
#include "support/random.hpp"
#include "support/random_packet.hpp"

namespace tunrelay::test {
namespace {

std::vector<Bytes> fragments_of(const Bytes& frame, LinkType type, std::uint32_t mtu_bytes) {
  const OwnedPacket owned(Frame{{}, frame}, {type, kAnyMtu});
  EXPECT_EQ(owned.fault, std::nullopt);
  EXPECT_TRUE(may_fragment(owned.packet.bytes(), owned.packet.layers));
  std::vector<Bytes> fragments;
  Fragmenter fragmenter(owned.packet.bytes(), owned.packet.layers, mtu_bytes);
  while (!fragmenter.at_end()) {
    Bytes out(owned.packet.layers.ip_offset + mtu_bytes);
    out.resize(fragmenter.next(out));
    fragments.push_back(out);
  }
  return fragments;
}

Bytes subset(const Bytes& bytes, std::size_t first, std::size_t last) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(first),
          bytes.begin() + static_cast<std::ptrdiff_t>(last)};
}

TEST(FragmentTest, TogetherTheyAreThePacket) {
  SeededRandom random;
  for (std::size_t times = scaled(1000); times > 0; --times) {
    PacketSpec spec = random_spec(random, false);
    spec.ip_version = 4;
    spec.extensions.clear();
    spec.dont_fragment = false;
    spec.ip_options.clear();
    spec.payload = counting_bytes(random.between(100, 3000));
    const Bytes frame = completed(build_frame(spec)).bytes;
    const auto mtu_bytes = static_cast<std::uint32_t>(random.between(68, 1500));
    const OwnedPacket owned(Frame{{}, frame}, {spec.link_type, kAnyMtu});
    const std::size_t ip = owned.packet.layers.ip_offset;
    Bytes payload;
    const std::vector<Bytes> fragments = fragments_of(frame, spec.link_type, mtu_bytes);
    for (const Bytes& fragment : fragments) {
      ASSERT_LE(fragment.size(), ip + mtu_bytes);
      ASSERT_EQ(get_u16(fragment, ip + 2), fragment.size() - ip) << "the total length";
      ASSERT_EQ(naive_sum(std::span(fragment).subspan(ip, 20)), 0xffff);
      ASSERT_EQ(get_u16(fragment, ip + 4), spec.id);
      ASSERT_EQ(get_u16(fragment, ip + 6) & 0x1fff, payload.size() / 8);
      ASSERT_EQ(payload.size() % 8, 0U);
      ASSERT_EQ(get_u16(fragment, ip + 6) & 0xe000, &fragment == &fragments.back() ? 0 : 0x2000);
      ASSERT_EQ(subset(fragment, 0, ip), subset(frame, 0, ip)) << "the link header";
      payload.insert(payload.end(), fragment.begin() + static_cast<std::ptrdiff_t>(ip + 20),
                     fragment.end());
    }
    ASSERT_EQ(payload, subset(frame, ip + 20, ip + get_u16(frame, ip + 2)));
  }
}

TEST(FragmentTest, AFragmentIsCutFurther) {
  PacketSpec spec;
  spec.dont_fragment = false;
  spec.payload = counting_bytes(180);
  Bytes frame = completed(build_frame(spec)).bytes;
  // 200 bytes that stand at 800 of a longer packet, of which more follows.
  set_u16(frame, 6, 0x2000 | 100);
  const std::vector<Bytes> fragments = fragments_of(frame, LinkType::kIp, 120);
  ASSERT_EQ(fragments.size(), 3U);
  EXPECT_EQ(get_u16(fragments[0], 6), 0x2000 | 100);
  EXPECT_EQ(get_u16(fragments[1], 6), 0x2000 | 112);
  EXPECT_EQ(get_u16(fragments[2], 6), 0x2000 | 124);
}

TEST(FragmentTest, OnlyCopiedOptionsGoWithLaterFragments) {
  PacketSpec spec;
  spec.dont_fragment = false;
  spec.payload = counting_bytes(200);
  // Record route (7), which stays with the first; router alert (148), which is copied.
  for (const int value : {7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0})
    spec.ip_options.push_back(static_cast<std::byte>(value));
  const std::vector<Bytes> fragments =
      fragments_of(completed(build_frame(spec)).bytes, LinkType::kIp, 120);
  ASSERT_GE(fragments.size(), 2U);
  EXPECT_EQ(subset(fragments[0], 20, 32), spec.ip_options);
  Bytes blanked(8, std::byte{1});
  blanked.insert(blanked.end(), spec.ip_options.begin() + 8, spec.ip_options.end());
  EXPECT_EQ(subset(fragments[1], 20, 32), blanked);
  EXPECT_EQ(naive_sum(std::span(fragments[1]).first(32)), 0xffff);
}

TEST(FragmentTest, ASenderThatForbidsItAndIpv6AreNotFragmented) {
  PacketSpec spec;
  const auto may = [&spec] {
    const OwnedPacket owned(build_frame(spec), {});
    return may_fragment(owned.packet.bytes(), owned.packet.layers);
  };
  EXPECT_FALSE(may());
  spec.dont_fragment = false;
  EXPECT_TRUE(may());
  spec.ip_version = 6;
  EXPECT_FALSE(may());
}

}  // namespace
}  // namespace tunrelay::test
