// SPDX-License-Identifier: MIT
// The other end of RemoteEnd: serves one client after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/ip_address.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// Used by one thread.
class LoadServer {
 public:
  /// Listens on ADDRESS and PORT (0: the kernel's choice). Throws Error.
  LoadServer(const IpAddress& address, std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Readable when a client waits.
  [[nodiscard]] int fd() const noexcept { return listener_.get(); }
  /// Serves the client that waits until it leaves, sends something that makes no sense, or
  /// STOPPING() says so (called a few times a second). Returns what went wrong, as text; empty:
  /// nothing. A client can't make it throw.
  std::string serve_one(const std::function<bool()>& stopping) noexcept;

 private:
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
};

}  // namespace tunrelay
