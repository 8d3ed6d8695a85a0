// SPDX-License-Identifier: MIT
// One packet in each direction through the tunnel, and the evidence that it crossed: it came out
// of the socket at the other end, and both devices counted a packet meanwhile. Where other traffic
// makes the counts worth little, the relay decides: it recognises the packet's number
// (base/path_nonce.hpp). The arrival interface that a socket says (IP_PKTINFO) is not evidence:
// for a packet that went over lo the kernel names the device that has the address.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.hpp"
#include "route/model/tunnel_ends.hpp"
#include "route/watch/path_check.hpp"

namespace tunrelay {

/// A busy host may take some tenths of a second to give the relay a CPU.
inline constexpr std::chrono::milliseconds kProbeTimeLimit{1'000};

struct ProbeResult {
  Direction direction = Direction::kAToB;
  IpAddress source{};
  IpAddress target{};
  std::uint64_t nonce = 0;
  bool sent = false;
  bool received = false;        ///< by a socket at the target
  bool host_busy = false;       ///< not received, but this process was short of CPU: it may be late
  bool source_changed = false;  ///< its source address or port was rewritten on the way (NAT)
  /// Packets that the devices counted meanwhile: at least ours, when it crossed.
  std::uint64_t source_tx_packets = 0;
  std::uint64_t target_rx_packets = 0;
  std::chrono::nanoseconds one_way{};  ///< from send to receive; only when received
  std::string text{};  ///< what was seen, a sentence; when it did not cross, what to look at

  /// It came out at the right end by the right way.
  [[nodiscard]] bool crossed() const noexcept {
    return received && source_tx_packets > 0 && target_rx_packets > 0;
  }
};

/// Sends one probe that bears NONCE from the first address of FAMILY at one end to that at the
/// other, and waits at most TIME_LIMIT for it. In the calling thread's network namespace, and in
/// those that ENDS name, by sockets that SOURCE opens there (as check_path()). What the kernel
/// refuses, sockets too, is said in the result; throws a usage Error when an end has no address of
/// FAMILY.
ProbeResult probe_path(const TunnelEnds& ends, Direction direction, IpFamily family,
                       std::uint64_t nonce, std::chrono::milliseconds time_limit = kProbeTimeLimit,
                       const EndSocketSource& source = {});

}  // namespace tunrelay
