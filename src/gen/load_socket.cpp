// SPDX-License-Identifier: MIT
#include "gen/load_socket.hpp"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr int kBufferBytes = 8 << 20;
constexpr int kBacklog = 4096;

std::string in_text(const IpAddress& address, std::uint16_t port) {
  return fmt::format("{} port {}", address.to_string(), port);
}

void set_option(const FileDescriptor& socket, int level, int option, int value, const char* name) {
  check_system_call(::setsockopt(socket.get(), level, option, &value, sizeof value),
                    "set the socket option", name);
}

void set_time_limit(int socket, int option, std::int64_t limit_ns) noexcept {
  const timeval limit{.tv_sec = limit_ns / kNanosecondsPerSecond,
                      .tv_usec = limit_ns % kNanosecondsPerSecond / kNanosecondsPerMicrosecond};
  // A socket knows these options, whatever its type.
  static_cast<void>(::setsockopt(socket, SOL_SOCKET, option, &limit, sizeof limit));
}

/// As much as an administrator may have, else as much as the host gives everybody.
void enlarge(int socket, int forced, int polite) noexcept {
  if (::setsockopt(socket, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0)
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, polite, &kBufferBytes, sizeof kBufferBytes));
}

SocketAddress name_of(const FileDescriptor& socket) {
  SocketAddress name;
  name.length = sizeof name.storage;
  check_system_call(::getsockname(socket.get(), name.get(), &name.length), "get the name of",
                    "a socket");
  return name;
}

}  // namespace

FileDescriptor bind_load_socket(int type, const IpAddress& address, std::uint16_t port) {
  const std::string object = in_text(address, port);
  FileDescriptor socket(check_system_call(
      ::socket(address.address_family(), type | SOCK_CLOEXEC, 0), "make a socket for", object));
  if (type == SOCK_DGRAM) {
    // TCP sizes its own.
    enlarge(socket.get(), SO_RCVBUFFORCE, SO_RCVBUF);
    enlarge(socket.get(), SO_SNDBUFFORCE, SO_SNDBUF);
  } else {
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
  }
  set_time_limit(socket.get(), SO_RCVTIMEO, kSocketPatienceNs);
  const SocketAddress name(address, port);
  check_system_call(::bind(socket.get(), name.get(), name.length), "bind", object,
                    "the address must be one of this host, the port free");
  return socket;
}

namespace {

/// What helps when a server at ADDRESS could not be reached.
std::string way_to_server(int error, const IpAddress& address) {
  if (error == ECONNREFUSED) return "start `tunrelay gen --server` there first";
  if (error == ENETUNREACH || error == EHOSTUNREACH)
    return fmt::format("`ip route get {}` shows the route to it", address.to_string());
  return "see whether `tunrelay gen --server` runs there, and whether a firewall stands between";
}

/// How a connect that a signal has interrupted ends: it goes on all the same (connect(2)).
/// 0 or an errno.
int end_of_connect(int socket, std::int64_t end_ns) noexcept {
  pollfd done{.fd = socket, .events = POLLOUT, .revents = 0};
  for (int count = 0; count <= 0;) {
    const std::int64_t left_ns = end_ns - monotonic_ns();
    if (left_ns <= 0) return ETIMEDOUT;
    count = ::poll(&done, 1, static_cast<int>(left_ns / kNanosecondsPerMillisecond + 1));
    if (count < 0 && errno != EINTR) return errno;
  }
  int error = 0;
  socklen_t length = sizeof error;
  static_cast<void>(::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length));
  return error;
}

}  // namespace

int try_connect(int socket, const SocketAddress& name, std::int64_t limit_ns) noexcept {
  const std::int64_t end_ns = monotonic_ns() + limit_ns;
  // The limit of sending holds for connecting too (socket(7)).
  set_time_limit(socket, SO_SNDTIMEO, limit_ns);
  int error = ::connect(socket, name.get(), name.length) == 0 ? 0 : errno;
  if (error == EINTR) error = end_of_connect(socket, end_ns);
  if (error == EINPROGRESS) error = ETIMEDOUT;
  set_time_limit(socket, SO_SNDTIMEO, kSocketPatienceNs);
  return error;
}

void connect_load_socket(const FileDescriptor& socket, const IpAddress& address, std::uint16_t port,
                         std::int64_t limit_ns) {
  if (const int error = try_connect(socket.get(), SocketAddress(address, port), limit_ns))
    throw_system_error(error, "connect to", in_text(address, port), way_to_server(error, address));
}

void listen_on(const FileDescriptor& socket) {
  check_system_call(::listen(socket.get(), kBacklog), "listen on",
                    fmt::format("port {}", port_of(socket)));
}

IpAddress local_address_of(const FileDescriptor& socket) {
  const IpAddress address = name_of(socket).ip();
  // IPv4 on a socket of IPv6 (RFC 4291, 2.5.5.2): ::ffff:1.2.3.4.
  constexpr std::array<std::byte, 12> kMappedPrefix{
      std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
      std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};
  const auto bytes = address.bytes();
  const bool is_mapped = bytes.size() > kMappedPrefix.size() &&
                         std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
  return is_mapped ? IpAddress(bytes.subspan(kMappedPrefix.size())) : address;
}

std::uint16_t port_of(const FileDescriptor& socket) {
  return name_of(socket).port();
}

std::uint64_t receive_drops_of(int socket) noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t length = sizeof memory;
  if (::getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) return 0;
  return memory[SK_MEMINFO_DROPS];
}

void send_in_segments(const FileDescriptor& socket, std::uint32_t segment_bytes) {
  set_option(socket, SOL_UDP, UDP_SEGMENT, static_cast<int>(segment_bytes), "UDP_SEGMENT");
}

void receive_merged(const FileDescriptor& socket) {
  set_option(socket, SOL_UDP, UDP_GRO, 1, "UDP_GRO");
}

void send_at_once(const FileDescriptor& socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
}

void use_congestion_control(const FileDescriptor& socket, const std::string& name) {
  check_system_call(::setsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(),
                                 static_cast<socklen_t>(name.size())),
                    "choose the congestion control", name,
                    "see /proc/sys/net/ipv4/tcp_available_congestion_control");
}

std::string congestion_control_of(const FileDescriptor& socket) {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t length = name.size();
  check_system_call(::getsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &length),
                    "get the congestion control of", "a socket");
  return {name.data(), ::strnlen(name.data(), name.size())};
}

}  // namespace tunrelay
