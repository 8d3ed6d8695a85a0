// SPDX-License-Identifier: MIT
// Two TUN (or TAP) interfaces and a thread that copies packets between them: a relay reduced to
// what routing tests need.
#pragma once

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "os/event_fd.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay::test {

/// TYPE: IFF_TUN or IFF_TAP.
inline FileDescriptor open_tun(const std::string& name, short type) {
  FileDescriptor tun(check_system_call(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK),
                                       "open", "/dev/net/tun"));
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(type | IFF_NO_PI);
  check_system_call(::ioctl(tun.get(), TUNSETIFF, &request), "make the interface", name);
  return tun;
}

class TunPair {
 public:
  TunPair(const std::string& a, const std::string& b, short type = IFF_TUN)
      : ends_{open_tun(a, type), open_tun(b, type)} {}
  ~TunPair() { stop(); }
  TunPair(const TunPair&) = delete;
  TunPair& operator=(const TunPair&) = delete;

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    stopping_.signal();
    thread_.join();
  }
  /// 0: by the end a, 1: by the end b. The device goes.
  void close_end(std::size_t end) { ends_.at(end).reset(); }
  /// IPv4 packets (of a TUN) that crossed from a to b (0) or from b to a (1).
  [[nodiscard]] std::uint64_t crossed(std::size_t direction) const {
    return crossed_.at(direction).load();
  }

 private:
  void run() {
    std::array<pollfd, 3> waits{{{.fd = ends_[0].get(), .events = POLLIN, .revents = 0},
                                 {.fd = ends_[1].get(), .events = POLLIN, .revents = 0},
                                 {.fd = stopping_.fd(), .events = POLLIN, .revents = 0}}};
    for (;;) {
      ::poll(waits.data(), waits.size(), -1);
      if (waits[2].revents != 0) return;
      copy(0, 1);
      copy(1, 0);
    }
  }
  void copy(std::size_t source, std::size_t target) {
    std::array<std::byte, 65536> packet{};
    const ssize_t got = ::read(ends_.at(source).get(), packet.data(), packet.size());
    if (got <= 0) return;
    [[maybe_unused]] const ssize_t written =
        ::write(ends_.at(target).get(), packet.data(), static_cast<std::size_t>(got));
    if ((packet[0] & std::byte{0xf0}) == std::byte{0x40}) ++crossed_.at(source);
  }

  std::array<FileDescriptor, 2> ends_;
  EventFd stopping_;
  std::array<std::atomic<std::uint64_t>, 2> crossed_{};
  std::thread thread_;
};

}  // namespace tunrelay::test
