// SPDX-License-Identifier: MIT
#include "route/watch/probe_socket.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/netlink_values.hpp"
#include "os/socket_address.hpp"

namespace tunrelay {
namespace {

template <typename Raw>
IpAddress address_in(const Raw& raw) {
  return IpAddress(std::as_bytes(std::span(&raw, 1)));
}

void want_target(int socket, IpFamily family) {
  const int on = 1;
  const bool is_ipv4 = family == IpFamily::kIpv4;
  check_system_call(::setsockopt(socket, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                                 is_ipv4 ? IP_PKTINFO : IPV6_RECVPKTINFO, &on, sizeof on),
                    "enable the target address of", "path probes");
}

template <typename Info>
Info read_info(cmsghdr* item) {
  Info info{};
  std::memcpy(&info, CMSG_DATA(item), sizeof info);
  return info;
}

void read_control(msghdr& message, ProbeArrival& arrival) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
       item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO)
      arrival.target = address_in(read_info<in_pktinfo>(item).ipi_addr);
    else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO)
      arrival.target = address_in(read_info<in6_pktinfo>(item).ipi6_addr);
  }
}

std::optional<ProbeArrival> receive_one(int socket) {
  // A byte more than a probe has, so that a longer packet is not taken for one.
  std::array<std::byte, kPathProbeBytes + 1> payload{};
  alignas(cmsghdr) std::array<std::byte, 256> control{};
  SocketAddress source;
  iovec part{.iov_base = payload.data(), .iov_len = payload.size()};
  msghdr message{};
  message.msg_name = source.get();
  message.msg_namelen = source.length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket, &message, 0);
  if (got < 0) return std::nullopt;
  ProbeArrival arrival;
  arrival.nonce = read_path_probe(std::span(payload).first(static_cast<std::size_t>(got)));
  arrival.source = source.ip();
  arrival.source_port = source.port();
  read_control(message, arrival);
  return arrival;
}

}  // namespace

ProbeSocket::ProbeSocket(const TunnelEnd& end, IpFamily family,
                         const std::optional<IpAddress>& address, const EndSocketSource& source) {
  const bool is_ipv4 = family == IpFamily::kIpv4;
  const int domain = is_ipv4 ? AF_INET : AF_INET6;
  const EndSocket kind = is_ipv4 ? EndSocket::kIpv4 : EndSocket::kIpv6;
  socket_ =
      source && !end.netns.empty() ? source(end.netns, kind) : open_end_socket(end.netns, kind);
  SocketAddress own(address.value_or(any_prefix(domain).address), 0);
  check_system_call(::bind(socket_.get(), own.get(), own.length), "bind a socket to",
                    address ? address->to_string() : "any address",
                    "`tunrelay routes check` reports what is wrong");
  want_target(socket_.get(), family);
  check_system_call(::getsockname(socket_.get(), own.get(), &own.length), "get the port of",
                    "a socket");
  port_ = own.port();
}

int ProbeSocket::send(std::span<const std::byte> payload, const IpAddress& target,
                      std::uint16_t port) const noexcept {
  const SocketAddress to(target, port);
  const ssize_t sent =
      ::sendto(socket_.get(), payload.data(), payload.size(), 0, to.get(), to.length);
  return sent < 0 ? errno : 0;
}

std::optional<ProbeArrival> ProbeSocket::receive(std::int64_t deadline_ns) const {
  for (;;) {
    if (auto arrival = receive_one(socket_.get())) return arrival;
    const timespec left = to_timespec(std::max<std::int64_t>(0, deadline_ns - monotonic_ns()));
    pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::ppoll(&wait, 1, &left, nullptr) == 0) return std::nullopt;
    // Readable but empty (a bad checksum, an error from the network) counts against the time too.
    if (monotonic_ns() >= deadline_ns) return receive_one(socket_.get());
  }
}

}  // namespace tunrelay
