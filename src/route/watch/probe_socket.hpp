// SPDX-License-Identifier: MIT
// A UDP socket for path probes. It reports for which address each datagram was, since
// under `classic` it can't be bound to one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/ip_address.hpp"
#include "base/path_nonce.hpp"
#include "os/file_descriptor.hpp"
#include "route/apply/end_socket.hpp"
#include "route/model/tunnel_ends.hpp"

namespace tunrelay {

struct ProbeArrival {
  std::optional<std::uint64_t> nonce{};  ///< nothing: it is not a path probe
  IpAddress source{};
  std::uint16_t source_port = 0;
  IpAddress target{};
};

class ProbeSocket {
 public:
  /// In the network namespace of END, opened there by SOURCE; empty: by the calling thread. Bound
  /// to ADDRESS, or to any when there is none. Throws Error.
  ProbeSocket(const TunnelEnd& end, IpFamily family, const std::optional<IpAddress>& address,
              const EndSocketSource& source = {});

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// 0 or an errno.
  [[nodiscard]] int send(std::span<const std::byte> payload, const IpAddress& target,
                         std::uint16_t port) const noexcept;
  /// Nothing when nothing has come by DEADLINE_NS of CLOCK_MONOTONIC.
  [[nodiscard]] std::optional<ProbeArrival> receive(std::int64_t deadline_ns) const;

 private:
  FileDescriptor socket_;
  std::uint16_t port_ = 0;
};

}  // namespace tunrelay
