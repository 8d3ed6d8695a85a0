// SPDX-License-Identifier: MIT
// The IP packets of a capture, as measurements look at them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "fit/measurement.hpp"
#include "packet/layers.hpp"
#include "packet/wire_format.hpp"
#include "replay/packet_file.hpp"

namespace tunrelay {

struct CapturedPacket {
  std::int64_t time_ns = 0;
  std::span<const std::byte> bytes;  ///< what the capture has of the frame
  Layers layers;                     ///< that of a later fragment is passed over
  std::uint32_t ip_bytes = 0;        ///< the whole packet

  [[nodiscard]] const std::byte* ip() const noexcept { return bytes.data() + layers.ip_offset; }
  [[nodiscard]] std::span<const std::byte> transport() const noexcept {
    return bytes.subspan(std::min<std::size_t>(layers.transport_offset, bytes.size()));
  }
  /// The length in the IP header, with that header; an Ethernet frame may be padded behind it. 0:
  /// it says none.
  [[nodiscard]] std::uint32_t said_bytes() const noexcept {
    if (layers.ip_version == 4) return load_u16(ip() + ipv4::kTotalLength);
    const std::uint32_t payload_bytes = load_u16(ip() + ipv6::kPayloadLength);
    return payload_bytes == 0 ? 0 : payload_bytes + ipv6::kHeaderBytes;
  }
  /// Where it comes from and where it goes to, 4 or 16 bytes each.
  [[nodiscard]] std::string_view source() const noexcept { return address(false); }
  [[nodiscard]] std::string_view destination() const noexcept { return address(true); }

 private:
  [[nodiscard]] std::string_view address(bool is_destination) const noexcept {
    const bool is_ipv4 = layers.ip_version == 4;
    const std::size_t length = is_ipv4 ? 4 : 16;
    const std::size_t at =
        (is_ipv4 ? ipv4::kSource : ipv6::kSource) + (is_destination ? length : 0);
    return {reinterpret_cast<const char*>(ip()) + at, length};
  }
};

/// TAKE(CapturedPacket) for each IP packet of FILE with a transport header; the others are passed
/// over. Throws a usage Error as PacketFile does, and for more packets than a measurement may have.
template <typename Take>
void read_capture(const std::string& file, Take take) {
  PacketFile packets(file);
  std::size_t count = 0;
  while (const auto packet = packets.next()) {
    if (++count > kMaxMeasuredPackets)
      throw_usage_error("read", file, "it has more than 10,000,000 packets");
    CapturedPacket captured{.time_ns = packet->time_ns, .bytes = packet->bytes, .layers = {}};
    // A capture may have cut a packet's end off, which is not looked at.
    (void)find_layers(packet->bytes, packet->original_bytes, packets.link_type(), captured.layers);
    if (captured.layers.ip_version == 0 || captured.layers.transport_offset == 0) continue;
    captured.ip_bytes = captured.said_bytes();
    if (captured.ip_bytes == 0)  // a super-packet that no length field can hold
      captured.ip_bytes = packet->original_bytes - captured.layers.ip_offset;
    take(captured);
  }
}

}  // namespace tunrelay
