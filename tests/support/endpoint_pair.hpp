// SPDX-License-Identifier: MIT
// A socketpair in the place of a device's queue: each end gives and takes one packet a call, as
// a TUN does, and needs no root.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay::test {

/// `near` is what the engine gets; `far` is the test's, in the place of the kernel.
struct EndpointPair {
  EndpointPair() {
    std::array<int, 2> fds{};
    check_system_call(
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), "make",
        "a socketpair");
    near = FileDescriptor(fds[0]);
    far = FileDescriptor(fds[1]);
  }

  [[nodiscard]] bool send(std::string_view packet) const {
    return ::send(far.get(), packet.data(), packet.size(), 0) ==
           static_cast<ssize_t>(packet.size());
  }
  /// The next packet, or "" when none came within LIMIT_MS.
  [[nodiscard]] std::string receive(int limit_ms = 0) const {
    pollfd wait{.fd = far.get(), .events = POLLIN, .revents = 0};
    if (limit_ms != 0) ::poll(&wait, 1, limit_ms);
    std::vector<char> buffer(1 << 17);
    const ssize_t length = ::recv(far.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return length <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(length));
  }

  FileDescriptor near;
  FileDescriptor far;
};

}  // namespace tunrelay::test
