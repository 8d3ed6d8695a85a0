// SPDX-License-Identifier: MIT
// The sockets of the self-test: made in the namespace of an end, read with a time limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "os/file_descriptor.hpp"
#include "os/socket_address.hpp"
#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

/// A part of the test fails when nothing has arrived for so long. It is long, since our threads may
/// wait for a CPU on a busy host.
inline constexpr std::int64_t kStandstillNs = 2 * kNanosecondsPerSecond;
/// And when it is incomplete after so long: TCP retransmits lost segments one by one.
inline constexpr std::int64_t kSelfTestLimitNs = 5 * kNanosecondsPerSecond;

/// "WHAT over IPv4 from tun0 to tun1", for a finding.
[[nodiscard]] std::string test_place(std::string_view what, IpFamily family,
                                     const TunnelEnd& source, const TunnelEnd& target);

/// A non-blocking socket of TYPE (SOCK_DGRAM, SOCK_STREAM) in the end's network namespace. Throws
/// Error.
[[nodiscard]] FileDescriptor open_test_socket(const TunnelEnd& end, IpFamily family, int type);
/// Binds to a port of the kernel's choice on any address, since `classic` allows no other; returns
/// the port. Throws Error.
std::uint16_t bind_anywhere(const FileDescriptor& socket, IpFamily family);
/// Both ends of a TCP connection.
struct TestConnection {
  FileDescriptor sender;
  FileDescriptor receiver;
};
/// From SOURCE to TARGET, non-blocking; nothing when it does not stand before DEADLINE_NS. Throws
/// Error when a socket can't be made.
[[nodiscard]] std::optional<TestConnection> connect_test_sockets(const TunnelEnd& source,
                                                                 const TunnelEnd& target,
                                                                 IpFamily family,
                                                                 std::int64_t deadline_ns);
/// Whether something can be read before kStandstillNs have passed or DEADLINE_NS has come.
[[nodiscard]] bool wait_to_read(const FileDescriptor& socket, std::int64_t deadline_ns);

}  // namespace tunrelay
