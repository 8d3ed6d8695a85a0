// SPDX-License-Identifier: MIT
// Frames for the benchmarks of the module `packet`, each in memory of its own as a worker's
// buffer slots are, and parsed.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "packet/checksum.hpp"
#include "packet/parse.hpp"
#include "packet/wire_format.hpp"

namespace tunrelay::bench {

struct FrameForm {
  bool is_tcp = true;
  int ip_version = 4;
  std::uint32_t payload_bytes = 1448;
  std::uint16_t gso_size = 0;  ///< 0: one segment
  std::uint16_t source_port = 40000;
  std::uint16_t number = 0;  ///< in its flow: counts the ID and the sequence up
  bool checksum_complete = false;
};

class FrameSet {
 public:
  explicit FrameSet(std::size_t count) : slots_(count * kSlotBytes) { packets_.reserve(count); }

  void add(const FrameForm& form) {
    std::byte* frame = slots_.data() + packets_.size() * kSlotBytes + kVirtioNetHeaderBytes;
    const std::uint32_t ip_bytes = form.ip_version == 4 ? ipv4::kHeaderBytes : ipv6::kHeaderBytes;
    const std::uint32_t header_bytes = form.is_tcp ? tcp::kHeaderBytes + 12 : udp::kHeaderBytes;
    const std::uint32_t transport_bytes = header_bytes + form.payload_bytes;
    const std::uint8_t protocol = form.is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
    write_ip(frame, form, protocol, transport_bytes);
    std::byte* transport = frame + ip_bytes;
    write_transport(transport, form, transport_bytes);
    const std::size_t field = form.is_tcp ? tcp::kChecksum : udp::kChecksum;
    store_u16(transport + field, sum_of_pseudo_header(frame, protocol, transport_bytes));

    Packet packet;
    packet.frame = frame;
    packet.frame_bytes = ip_bytes + transport_bytes;
    packet.header.flags = VirtioNetHeader::kNeedsChecksum;
    packet.header.checksum_start = static_cast<std::uint16_t>(ip_bytes);
    packet.header.checksum_offset = static_cast<std::uint16_t>(field);
    if (form.checksum_complete) complete_checksum({frame, packet.frame_bytes}, packet.header);
    if (form.gso_size != 0) {
      packet.header.gso_type =
          static_cast<std::uint8_t>(!form.is_tcp           ? GsoType::kUdpSegment
                                    : form.ip_version == 4 ? GsoType::kTcpIpv4
                                                           : GsoType::kTcpIpv6);
      packet.header.gso_size = form.gso_size;
    }
    if (parse(packet, {})) throw std::logic_error("a benchmark's frame is refused");
    packets_.push_back(packet);
  }
  [[nodiscard]] const std::vector<Packet>& packets() const { return packets_; }
  [[nodiscard]] std::vector<Packet>& packets() { return packets_; }

 private:
  // As in a worker's arena: an odd number of cache lines (engine/buffer_arena.hpp).
  static constexpr std::size_t kSlotBytes = 1025 * 64;

  static void write_ip(std::byte* ip, const FrameForm& form, std::uint8_t protocol,
                       std::uint32_t transport_bytes) {
    if (form.ip_version == 6) {
      ip[0] = std::byte{0x60};
      store_u16(ip + ipv6::kPayloadLength, static_cast<std::uint16_t>(transport_bytes));
      ip[ipv6::kNextHeader] = std::byte{protocol};
      ip[ipv6::kHopLimit] = std::byte{64};
      ip[ipv6::kSource + 15] = std::byte{1};
      ip[ipv6::kDestination + 15] = std::byte{2};
      return;
    }
    ip[0] = std::byte{0x45};
    store_u16(ip + ipv4::kTotalLength,
              static_cast<std::uint16_t>(ipv4::kHeaderBytes + transport_bytes));
    store_u16(ip + ipv4::kId, form.number);
    store_u16(ip + ipv4::kFragment, ipv4::kDontFragment);
    ip[ipv4::kTtl] = std::byte{64};
    ip[ipv4::kProtocol] = std::byte{protocol};
    store_u32(ip + ipv4::kSource, 0xc0a80d01);
    store_u32(ip + ipv4::kDestination, 0xc0a80d02);
    store_u16(ip + ipv4::kChecksum, invert_sum(sum_of_ipv4_header(ip)));
  }

  static void write_transport(std::byte* header, const FrameForm& form,
                              std::uint32_t transport_bytes) {
    store_u16(header + kSourcePort, form.source_port);
    store_u16(header + kDestinationPort, 5201);
    if (!form.is_tcp) {
      store_u16(header + udp::kLength, static_cast<std::uint16_t>(transport_bytes));
      return;
    }
    store_u32(header + tcp::kSequence, form.number * form.payload_bytes);
    store_u32(header + tcp::kAcknowledgement, 1);
    header[tcp::kDataOffset] = std::byte{0x80};
    header[tcp::kFlags] = std::byte{tcp::kAck};
    store_u16(header + tcp::kWindow, 502);
    std::memset(header + tcp::kHeaderBytes, 1, 12);  // options: no operation
  }

  std::vector<std::byte> slots_;
  std::vector<Packet> packets_;
};

}  // namespace tunrelay::bench
