// SPDX-License-Identifier: MIT
// Which offloads are on at a tunnel's devices, which packets are merged on write, and why not
// more: as the devices allow, as the self-test finds, and as the kernel takes what is written.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device/device.hpp"
#include "relay/relay.hpp"
#include "route/model/tunnel_ends.hpp"
#include "tunnel/self_test.hpp"
#include "tunnel/tunnel_event.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// What makes super-packets of packets.
struct OffloadState {
  Offloads offloads;                            ///< of both devices
  std::array<MergeRules, kDirections> merge{};  ///< on write to a and to b

  [[nodiscard]] bool any() const noexcept {
    return offloads.any() || merge[0].any() || merge[1].any();
  }
};

/// NOW without the least that can be at fault for a finding in PART; empty when all that could be
/// is off.
[[nodiscard]] std::optional<OffloadState> without_suspect(OffloadState now,
                                                          SelfTestFinding::Part part);

/// Used by one thread.
class OffloadControl {
 public:
  /// DEVICES, a and b, must outlive it. Where they do not offer the same, it switches all of it
  /// off: each must understand the other's super-packets. Throws Error.
  OffloadControl(std::vector<Device>& devices, bool wants_offloads, bool wants_merging);

  /// Which packets are merged on write to a and to b.
  [[nodiscard]] const std::array<MergeRules, kDirections>& merge() const noexcept { return merge_; }
  /// Sends real packets across RELAY, and switches off, one part after the other, what does not
  /// bring them through unchanged. Throws Error when they do not come through without it either.
  void test(const TunnelEnds& ends, std::uint32_t mtu_bytes, Relay& relay);
  /// Has RELAY merge super-packets of TCP beyond 64 KiB, and leaves it on where they arrive. After
  /// test(), and only for devices that we made: whoever made others may read what leaves them.
  /// KERNEL_TAKES_THEM: see Interface::takes_big_ipv4. Throws Error when sockets can't be made.
  void try_big_tcp(const TunnelEnds& ends, bool kernel_takes_them, Relay& relay);
  /// Appends that a device has refused merged packets, when it has: RELAY merges none for it then.
  void attend(const Relay& relay, std::vector<TunnelEvent>& events);

  /// What is in force now, and why not more.
  void fill_in(TunnelReport& report, const Relay& relay) const;

 private:
  [[nodiscard]] OffloadState state() const { return {devices_[0].offloads(), merge_}; }
  void change_to(const OffloadState& state, const std::string& reason, Relay& relay);
  [[nodiscard]] MergeRules merged_both_ways(const Relay& relay) const;

  std::vector<Device>& devices_;
  std::array<MergeRules, kDirections> merge_{};
  std::array<std::string, kDirections> offload_reasons_;  ///< why not all, where that was wanted
  std::string merging_reason_;
  std::uint64_t refused_packets_ = 0;  ///< that were merged, as far as they were reported
};

}  // namespace tunrelay
