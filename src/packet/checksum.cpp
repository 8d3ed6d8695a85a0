// SPDX-License-Identifier: MIT
#include "packet/checksum.hpp"

#include <netinet/in.h>

#include <cstring>

#include "base/ensure.hpp"
#include "packet/block_sum.hpp"
#include "packet/layers.hpp"

namespace tunrelay {
namespace {

/// LEFT + RIGHT, where a carry out of the 64 bits comes back in at the lower end. 2^64 - 1 is
/// a multiple of 2^16 - 1, so the sum of 64-bit words folds to that of their 16-bit words.
std::uint64_t add_around(std::uint64_t left, std::uint64_t right) noexcept {
  std::uint64_t sum = 0;
  const bool carry = __builtin_add_overflow(left, right, &sum);
  return sum + static_cast<std::uint64_t>(carry);
}

std::uint16_t fold(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// Fewer than 8 bytes as a number that has the same sum; what is missing is zero.
std::uint64_t load_rest(const std::byte* at, std::size_t count) noexcept {
  std::uint64_t rest = 0;
  if ((count & 4) != 0) {
    rest = load_raw<std::uint32_t>(at);
    at += 4;
  }
  if ((count & 2) != 0) {
    rest += load_raw<std::uint16_t>(at);
    at += 2;
  }
  // The last byte is the upper half of its word in network order.
  if ((count & 1) != 0) rest += swap_network(static_cast<std::uint16_t>(load_u8(at) << 8));
  return rest;
}

/// Fewer bytes than two blocks, or what is left behind these: SUM and theirs, not folded.
std::uint64_t sum_rest(std::uint64_t sum, std::span<const std::byte> bytes) noexcept {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t second = 0;
  for (; left >= 16; at += 16, left -= 16) {
    sum = add_around(sum, load_raw<std::uint64_t>(at));
    second = add_around(second, load_raw<std::uint64_t>(at + 8));
  }
  sum = add_around(sum, second);
  for (; left >= 8; at += 8, left -= 8) sum = add_around(sum, load_raw<std::uint64_t>(at));
  return add_around(sum, load_rest(at, left));
}

/// Where a call to the loop over blocks pays.
constexpr std::size_t kMinBytesInBlocks = 2 * kSumBlockBytes;

const BlockSum& fastest() noexcept {
  static const BlockSum kChosen = block_sums().back();
  return kChosen;
}

}  // namespace

// RFC 1071, 2(B): the words are added in the machine's byte order and the sum is swapped.
std::uint16_t sum_of(std::span<const std::byte> bytes, std::uint16_t initial) noexcept {
  std::uint64_t sum = swap_network(initial);
  if (bytes.size() >= kMinBytesInBlocks) {
    const std::size_t blocks = bytes.size() / kSumBlockBytes;
    sum += fastest().sum(bytes.data(), blocks);
    bytes = bytes.subspan(blocks * kSumBlockBytes);
  }
  return swap_network(fold(sum_rest(sum, bytes)));
}

std::uint16_t copy_and_sum(std::span<const std::byte> bytes, std::byte* to,
                           std::uint16_t initial) noexcept {
  const std::size_t blocks = bytes.size() / kSumBlockBytes;
  const std::uint64_t sum =
      swap_network(initial) + fastest().copy_and_sum(bytes.data(), to, blocks);
  const std::span<const std::byte> rest = bytes.subspan(blocks * kSumBlockBytes);
  std::memcpy(to + blocks * kSumBlockBytes, rest.data(), rest.size());
  return swap_network(fold(sum_rest(sum, rest)));
}

std::uint16_t sum_of_pseudo_header(const std::byte* ip, std::uint8_t protocol,
                                   std::uint32_t transport_bytes) noexcept {
  const bool is_ipv4 = load_u8(ip) >> 4 == 4;
  const std::span<const std::byte> addresses =
      is_ipv4 ? std::span{ip + ipv4::kSource, 8} : std::span{ip + ipv6::kSource, 32};
  const std::uint16_t sum = add_sums(protocol, static_cast<std::uint16_t>(transport_bytes));
  return sum_of(addresses, add_sums(sum, static_cast<std::uint16_t>(transport_bytes >> 16)));
}

TransportChecksum check_transport_checksum(const Packet& packet) noexcept {
  const Layers& layers = packet.layers;
  if (layers.ip_version == 0 || layers.transport_offset == 0) return TransportChecksum::kUnknown;
  if (packet.header.needs_checksum()) return TransportChecksum::kPending;
  const std::byte* ip = packet.frame + layers.ip_offset;
  const std::uint32_t end = ip_end_offset(packet.bytes(), layers);
  std::uint32_t transport_bytes = end - layers.transport_offset;
  // With a routing header the address that counts is not the one in the IP header.
  if (layers.ip_version == 6 && layers.transport_offset != layers.ip_offset + ipv6::kHeaderBytes)
    return TransportChecksum::kUnknown;
  const std::byte* transport = packet.frame + layers.transport_offset;
  std::uint16_t sum = 0;
  if (layers.protocol == IPPROTO_TCP || layers.protocol == IPPROTO_UDP) {
    if (layers.payload_offset == 0) return TransportChecksum::kUnknown;
    if (layers.protocol == IPPROTO_UDP) {
      transport_bytes = load_u16(transport + udp::kLength);
      if (load_u16(transport + udp::kChecksum) == 0) return TransportChecksum::kAbsent;
    }
    sum = sum_of_pseudo_header(ip, layers.protocol, transport_bytes);
  } else if (layers.protocol == IPPROTO_ICMPV6 && layers.ip_version == 6) {
    sum = sum_of_pseudo_header(ip, layers.protocol, transport_bytes);
  } else if (layers.protocol != IPPROTO_ICMP || layers.ip_version != 4) {
    return TransportChecksum::kUnknown;
  }
  return sum_of({transport, transport_bytes}, sum) == 0xffff ? TransportChecksum::kValid
                                                             : TransportChecksum::kWrong;
}

void complete_checksum(std::span<std::byte> frame, VirtioNetHeader& header) noexcept {
  if (!header.needs_checksum()) return;
  const std::size_t field = std::size_t{header.checksum_start} + header.checksum_offset;
  ensure(field + 2 <= frame.size(), "a checksum field lies inside its frame");
  // The field holds the pseudo-header's sum, so it is part of what is summed.
  store_u16(frame.data() + field, transport_checksum(sum_of(frame.subspan(header.checksum_start))));
  header.flags &= static_cast<std::uint8_t>(~VirtioNetHeader::kNeedsChecksum);
  header.checksum_start = header.checksum_offset = 0;
}

}  // namespace tunrelay
