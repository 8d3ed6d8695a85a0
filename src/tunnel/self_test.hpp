// SPDX-License-Identifier: MIT
// Whether what is switched on works on this kernel: kernels have shipped whose segmentation was
// broken, others take no UDP super-packets, and a tunnel that corrupts or loses is worse than a
// slow one. Real packets go across the running tunnel, and what comes out is compared.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

/// What is switched on, and so is tested beside TCP.
struct SelfTestScope {
  /// UDP_SEGMENT sends. They need devices that take packets whose checksum is pending; across
  /// others the kernel refuses them with EIO (udp_send_skb() in net/ipv4/udp.c).
  bool udp_segment = true;
  bool merged_udp = true;  ///< datagrams that the relay merges into super-packets
};

/// What was wrong, and in which part.
struct SelfTestFinding {
  enum class Part : std::uint8_t { kUdpSegment, kMergedUdp, kTcp };

  Part part = Part::kTcp;
  std::string text;  ///< a phrase: what was sent, where, and what came out
};

/// Runs ACT while the relay reads nothing, so that what ACT sends is read as one batch.
using HoldRelay = std::function<void(const std::function<void()>& act)>;

/// Sends a UDP super-packet with a short last segment, as many datagrams one by one, and 256 KiB
/// of TCP, each way and in each family, and compares what arrives. Nothing when all is right.
/// Takes a few milliseconds; a part that fails takes 2 s, or 5 s where packets still trickle in.
/// Throws Error when sockets can't be made.
std::optional<SelfTestFinding> run_self_test(const TunnelEnds& ends, std::uint32_t mtu_bytes,
                                             const SelfTestScope& scope, const HoldRelay& hold);

}  // namespace tunrelay
