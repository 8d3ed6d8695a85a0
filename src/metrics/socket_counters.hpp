// SPDX-License-Identifier: MIT
// What the sockets of a network namespace have lost or sent again, as the kernel counts it for
// all programs in it (/proc/net/snmp, snmp6 and netstat; Documentation/networking/
// snmp_counter.rst): the last place where a packet that crossed can still be lost.
#pragma once

#include <cstdint>
#include <string_view>

#include "os/file_descriptor.hpp"

namespace tunrelay {

struct SocketCounters {
  std::uint64_t udp_receive_drops = 0;  ///< datagrams for which a receive buffer had no room
  std::uint64_t tcp_receive_drops = 0;  ///< segments that a receiver's queues did not take
  std::uint64_t tcp_retransmitted_segments = 0;

  SocketCounters& operator+=(const SocketCounters& other) noexcept;
  SocketCounters& operator-=(const SocketCounters& other) noexcept;
  bool operator==(const SocketCounters&) const = default;
};

/// Reads those of one network namespace, wherever its thread goes later.
class SocketCounterReader {
 public:
  /// Of the calling thread's namespace, which lives as long as this.
  SocketCounterReader();
  /// What the kernel does not say counts as zero.
  [[nodiscard]] SocketCounters read() const;

 private:
  FileDescriptor ipv4_;
  FileDescriptor ipv6_;
  FileDescriptor extended_;
};

/// The number under NAME in the pair of lines of a /proc/net/snmp that begin with "PROTOCOL:";
/// 0 where there is none.
[[nodiscard]] std::uint64_t counter_in_table(std::string_view table, std::string_view protocol,
                                             std::string_view name);
/// The number behind NAME in a list of `NAME NUMBER` lines, as /proc/net/snmp6 is; 0 for none.
[[nodiscard]] std::uint64_t counter_in_list(std::string_view list, std::string_view name);

}  // namespace tunrelay
