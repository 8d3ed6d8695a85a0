// The stage that is a narrower path: it drops each wire segment over its MTU, without an answer, as
// a router behind a firewall that eats ICMP does (a path-MTU black hole, RFC 2923).
#pragma once

#include "stage/stage.hpp"

namespace tunrelay {

struct MtuConfig {
  std::uint32_t mtu_bytes = 1500;  ///< of the network layer: IP header and all behind it

  bool operator==(const MtuConfig&) const = default;
};

class Mtu final : public Stage {
 public:
  explicit Mtu(const MtuConfig& config) : mtu_bytes_(config.mtu_bytes) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "mtu"; }

  void process(std::span<const Packet> packets, std::int64_t /*now_ns*/,
               StageOutput& output) noexcept override {
    for (const Packet& packet : packets) {
      const auto last = static_cast<std::uint16_t>(packet.run.last - 1);
      const bool first_fits = fits(packet, packet.run.first);
      // All segments but the last have the size of the first.
      if (fits(packet, last) == first_fits) {
        hand_on(packet, first_fits, output);
        continue;
      }
      Packet front = packet;
      front.run.last = last;
      Packet rest = packet;
      rest.run.first = last;
      output.share(packet);
      hand_on(front, first_fits, output);
      hand_on(rest, !first_fits, output);
    }
  }

 private:
  /// What is no IP packet has no such size, and passes.
  [[nodiscard]] bool fits(const Packet& packet, std::uint32_t segment) const noexcept {
    return packet.layers.ip_version == 0 ||
           wire_segment_bytes(packet, segment) - packet.layers.ip_offset <= mtu_bytes_;
  }
  static void hand_on(const Packet& packet, bool fits, StageOutput& output) noexcept {
    fits ? output.pass(packet) : output.drop(packet, DropReason::kStage);
  }

  std::uint32_t mtu_bytes_;
};

}  // namespace tunrelay
