// SPDX-License-Identifier: MIT
// The generator's sockets. All are blocking with a time limit, close-on-exec, and have buffers
// as large as the host allows, so that what is lost is lost by the link and not by us.
#pragma once

#include <cstdint>
#include <string>

#include "base/ip_address.hpp"
#include "os/file_descriptor.hpp"
#include "os/socket_address.hpp"

namespace tunrelay {

/// How long a blocking call waits before the caller looks whether it shall stop.
inline constexpr std::int64_t kSocketPatienceNs = 20'000'000;

/// Bound to ADDRESS and PORT (0: the kernel's choice). TYPE: SOCK_DGRAM or SOCK_STREAM.
/// Throws Error.
[[nodiscard]] FileDescriptor bind_load_socket(int type, const IpAddress& address,
                                              std::uint16_t port);
/// Connects within LIMIT_NS, whatever signals come meanwhile. Throws Error, whose hint is that a
/// server must run there.
void connect_load_socket(const FileDescriptor& socket, const IpAddress& address, std::uint16_t port,
                         std::int64_t limit_ns);
/// As connect_load_socket(), but without a message: 0 or an errno (ETIMEDOUT at the limit). For the
/// data path.
[[nodiscard]] int try_connect(int socket, const SocketAddress& name,
                              std::int64_t limit_ns) noexcept;
void listen_on(const FileDescriptor& socket);

/// The local address; IPv4 where IPv6 only carries it (::ffff:1.2.3.4).
[[nodiscard]] IpAddress local_address_of(const FileDescriptor& socket);
[[nodiscard]] std::uint16_t port_of(const FileDescriptor& socket);
/// Datagrams that found no room in the socket's buffer.
[[nodiscard]] std::uint64_t receive_drops_of(int socket) noexcept;

/// UDP_SEGMENT, UDP_GRO, TCP_NODELAY, TCP_CONGESTION. Throw Error.
void send_in_segments(const FileDescriptor& socket, std::uint32_t segment_bytes);
void receive_merged(const FileDescriptor& socket);
void send_at_once(const FileDescriptor& socket);
void use_congestion_control(const FileDescriptor& socket, const std::string& name);
/// What TCP uses on it.
[[nodiscard]] std::string congestion_control_of(const FileDescriptor& socket);

}  // namespace tunrelay
