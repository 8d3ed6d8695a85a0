// SPDX-License-Identifier: MIT
#include "os/socket_address.hpp"

#include <netinet/in.h>

#include <cstring>
#include <span>

namespace tunrelay {
namespace {

template <typename Raw>
Raw read_raw(const SocketAddress& address) noexcept {
  Raw raw{};
  std::memcpy(&raw, &address.storage, sizeof raw);
  return raw;
}

template <typename Raw>
void write_raw(const Raw& raw, SocketAddress& address) noexcept {
  std::memcpy(&address.storage, &raw, sizeof raw);
  address.length = sizeof raw;
}

template <typename Raw>
IpAddress address_in(const Raw& raw) {
  return IpAddress(std::as_bytes(std::span(&raw, 1)));
}

}  // namespace

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) noexcept {
  if (address.is_ipv4()) {
    sockaddr_in raw{};
    raw.sin_family = AF_INET;
    raw.sin_port = htons(port);
    std::memcpy(&raw.sin_addr, address.bytes().data(), sizeof raw.sin_addr);
    write_raw(raw, *this);
  } else {
    sockaddr_in6 raw{};
    raw.sin6_family = AF_INET6;
    raw.sin6_port = htons(port);
    std::memcpy(&raw.sin6_addr, address.bytes().data(), sizeof raw.sin6_addr);
    write_raw(raw, *this);
  }
}

IpAddress SocketAddress::ip() const {
  return storage.ss_family == AF_INET ? address_in(read_raw<sockaddr_in>(*this).sin_addr)
                                      : address_in(read_raw<sockaddr_in6>(*this).sin6_addr);
}

std::uint16_t SocketAddress::port() const noexcept {
  return ntohs(storage.ss_family == AF_INET ? read_raw<sockaddr_in>(*this).sin_port
                                            : read_raw<sockaddr_in6>(*this).sin6_port);
}

}  // namespace tunrelay
