// SPDX-License-Identifier: MIT
#include "assumptions/tun.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "support/process.hpp"
#include "support/sockets.hpp"

namespace tunrelay::test {
void TunTest::SetUp() {
  PrivateNetwork::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1;
}

int attach_tun(int fd, const std::string& name, int flags) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | flags);
  return ::ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
}

FileDescriptor open_tun_node() {
  FileDescriptor node(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!node.is_open()) throw std::system_error(errno, std::generic_category(), "/dev/net/tun");
  return node;
}

FileDescriptor open_tun(const std::string& name, int flags) {
  FileDescriptor queue = open_tun_node();
  const int error = attach_tun(queue.get(), name, flags);
  if (error != 0) throw std::system_error(error, std::generic_category(), "TUNSETIFF " + name);
  return queue;
}

void ip(const std::string& command) {
  output_of(split("ip " + command));
}

std::uint64_t link_counter(const std::string& name, const std::string& counter) {
  std::ifstream file("/sys/class/net/" + name + "/statistics/" + counter);
  std::uint64_t value = 0;
  if (!(file >> value)) throw std::runtime_error("can't read " + counter + " of " + name);
  return value;
}

Bytes make_udp_packet(std::uint16_t source_port, std::uint16_t target_port,
                      std::size_t payload_bytes) {
  PacketSpec spec;
  spec.is_tcp = false;
  spec.source_host = 2;
  spec.destination_host = 1;
  spec.source_port = source_port;
  spec.destination_port = target_port;
  spec.payload = Bytes(payload_bytes);
  spec.checksum = ChecksumState::kComplete;
  return build_frame(spec).bytes;
}

FileDescriptor bind_udp(const std::string& address, std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const SocketAddress local(address, port);
  check_socket_call(::bind(socket.get(), local.get(), local.length), "bind");
  return socket;
}

std::size_t send_udp(const FileDescriptor& socket, const std::string& target, std::uint16_t port,
                     std::size_t count, std::size_t payload_bytes) {
  const SocketAddress remote(target, port);
  Bytes payload(payload_bytes);
  std::size_t taken = 0;
  for (std::size_t number = 0; number < count; ++number) {
    payload.at(0) = static_cast<std::byte>(number);
    const ssize_t sent =
        ::sendto(socket.get(), payload.data(), payload.size(), 0, remote.get(), remote.length);
    if (sent == static_cast<ssize_t>(payload.size())) ++taken;
  }
  return taken;
}

}  // namespace tunrelay::test
