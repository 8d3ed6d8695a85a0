// SPDX-License-Identifier: MIT
// The stage that is a narrower path. By itself it drops each wire segment over its MTU without an
// answer, as a router behind a firewall that eats ICMP does (a path-MTU black hole, RFC 2923).
// Where it answers it is any other router: it reports to the sender what fits, so that the sender
// can follow (path MTU discovery: RFC 1191, RFC 8201), and fragments IPv4 packets that may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "packet/packet.hpp"
#include "stage/return_path.hpp"
#include "stage/stage.hpp"

namespace tunrelay {

struct MtuConfig {
  std::uint32_t mtu_bytes = 1500;  ///< of the network layer: IP header and all behind it
  bool answers = false;            ///< by ICMP "too big", or fragments

  bool operator==(const MtuConfig&) const = default;
};

/// Of scope kLane. What has no right to an answer (packet/too_big.hpp) is dropped silently. At most
/// 1000 answers a second are sent, and 50 at once, as Linux has it (icmp_msgs_per_sec,
/// icmp_msgs_burst).
class Mtu final : public Stage {
 public:
  /// BACK: where answers go; needed where CONFIG has answers.
  explicit Mtu(const MtuConfig& config, std::shared_ptr<ReturnPath> back = nullptr);

  [[nodiscard]] std::string_view name() const noexcept override { return "mtu"; }
  void process(std::span<const Packet> packets, std::int64_t now_ns,
               StageOutput& output) noexcept override;

 private:
  [[nodiscard]] bool fits(const Packet& packet, std::uint32_t segment) const noexcept;
  void hand_on(const Packet& packet, bool fits, std::int64_t now_ns, StageOutput& output) noexcept;
  // Of a run whose wire segments are all too long.
  void answer(const Packet& packet, std::int64_t now_ns) noexcept;
  void fragment(Packet packet, StageOutput& output) noexcept;
  /// Passes the fragments of SEGMENT, which is FRAME on the wire; false when there is no memory for
  /// the rest of them.
  [[nodiscard]] bool pass_fragments(const Packet& segment, std::span<const std::byte> frame,
                                    StageOutput& output) noexcept;
  [[nodiscard]] bool take_permit(std::int64_t now_ns) noexcept;

  std::uint32_t mtu_bytes_;
  std::shared_ptr<ReturnPath> back_;  ///< none: no answers
  std::vector<std::byte> segment_;    ///< the one that is answered or fragmented
  std::vector<std::byte> fragment_;
  std::int64_t permits_used_until_ns_ = 0;
};

}  // namespace tunrelay
