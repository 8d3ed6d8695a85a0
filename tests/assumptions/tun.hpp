// SPDX-License-Identifier: MIT
// Bare TUN devices and packets for the assumption tests: as close to the kernel as can be, so
// that what they prove is the kernel's doing and not our own.
#pragma once

#include <linux/if_tun.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "os/file_descriptor.hpp"
#include "support/naive_packet.hpp"
#include "support/private_network.hpp"

namespace tunrelay::test {

/// A private network in which devices send nothing by themselves: IPv6, with its router
/// solicitations and listener reports, is off.
class TunTest : public PrivateNetwork {
 protected:
  void SetUp() override;
};

/// Requests the queue of a TUN on FD, a fresh /dev/net/tun: 0, or the errno.
[[nodiscard]] int attach_tun(int fd, const std::string& name, int flags = 0);
/// An open /dev/net/tun without a queue. Throws std::system_error.
FileDescriptor open_tun_node();
/// One non-blocking queue without packet information; FLAGS such as IFF_VNET_HDR are added to
/// IFF_TUN | IFF_NO_PI. Throws std::system_error.
FileDescriptor open_tun(const std::string& name, int flags = 0);

/// `ip COMMAND`, which must succeed.
void ip(const std::string& command);
/// A counter of /sys/class/net/NAME/statistics.
std::uint64_t link_counter(const std::string& name, const std::string& counter);

/// An IPv4 packet with a UDP datagram from 192.168.13.2 to 192.168.13.1.
Bytes make_udp_packet(std::uint16_t source_port, std::uint16_t target_port,
                      std::size_t payload_bytes);

/// A non-blocking UDP socket; PORT 0 leaves the choice to the kernel.
FileDescriptor bind_udp(const std::string& address, std::uint16_t port);
/// Sends COUNT datagrams of PAYLOAD_BYTES; the first byte of each is its number.
/// Returns how many the kernel took.
std::size_t send_udp(const FileDescriptor& socket, const std::string& target, std::uint16_t port,
                     std::size_t count, std::size_t payload_bytes);

}  // namespace tunrelay::test
