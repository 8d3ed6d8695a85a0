// SPDX-License-Identifier: MIT
// The text of describe() for the protocols that run a network: ICMP, ICMPv6 and ARP.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace tunrelay {

/// " echo request id 7 seq 1" for the ICMP header that BYTES begins with; "" when it is cut.
[[nodiscard]] std::string describe_icmp(std::span<const std::byte> bytes);
[[nodiscard]] std::string describe_icmpv6(std::span<const std::byte> bytes);
/// "ARP who has A, tell B" for what stands behind the Ethernet header.
[[nodiscard]] std::string describe_arp(std::span<const std::byte> bytes);
/// "02:00:00:00:00:01" for the 6 bytes at AT.
[[nodiscard]] std::string describe_mac(const std::byte* at);

}  // namespace tunrelay
