// SPDX-License-Identifier: MIT
// One rtnetlink socket on libmnl: requests that are acknowledged, dumps, and
// notifications. What the messages mean is the business of the modules above (route: links,
// addresses, routes, rules; device: what a TUN says of itself).
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/ip_address.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// A message under construction, in a buffer of its own. Attributes go in by put_*.
class NetlinkMessage {
 public:
  /// TYPE such as RTM_NEWRULE; FLAGS beside NLM_F_REQUEST, such as NLM_F_CREATE | NLM_F_EXCL.
  NetlinkMessage(std::uint16_t type, std::uint16_t flags);

  /// The fixed header behind nlmsghdr (rtmsg, ifinfomsg, ...), zeroed. Once, before any put_*.
  template <typename Header>
  Header& header() {
    return *static_cast<Header*>(mnl_nlmsg_put_extra_header(message(), sizeof(Header)));
  }
  void put_u8(std::uint16_t attribute, std::uint8_t value);
  void put_u32(std::uint16_t attribute, std::uint32_t value);
  void put_text(std::uint16_t attribute, std::string_view value);
  void put_address(std::uint16_t attribute, const IpAddress& value);
  void put_bytes(std::uint16_t attribute, std::span<const std::byte> value);
  nlattr* begin_nest(std::uint16_t attribute);
  void end_nest(nlattr* nest);

  [[nodiscard]] nlmsghdr* message() noexcept { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

 private:
  alignas(nlmsghdr) std::array<std::byte, 4096> buffer_{};
};

/// Whether all of MESSAGE lies in the LEFT bytes from its front. mnl_nlmsg_ok() alone takes a
/// length from 2 GiB on, which is negative as an int, for a short one.
[[nodiscard]] inline bool is_whole(const nlmsghdr* message, int left) noexcept {
  return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= static_cast<unsigned>(left);
}

/// The attributes of one message by number; absent ones are null.
template <std::size_t Count>
using NetlinkAttributes = std::array<const nlattr*, Count>;

/// Collects the attributes in the SIZE bytes from FIRST on. (libmnl's own loop macro is C.)
template <std::size_t Count>
NetlinkAttributes<Count> collect_attributes(const nlattr* first, std::size_t size) {
  NetlinkAttributes<Count> found{};
  const auto* end = reinterpret_cast<const std::byte*>(first) + size;
  for (const nlattr* at = first;
       mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const std::byte*>(at)));
       at = mnl_attr_next(at)) {
    const std::uint16_t type = mnl_attr_get_type(at);
    if (type < Count) found[type] = at;
  }
  return found;
}

/// The attributes behind a message's fixed header of HEADER_BYTES.
template <std::size_t Count>
NetlinkAttributes<Count> parse_attributes(const nlmsghdr& message, std::size_t header_bytes) {
  const std::size_t offset = (header_bytes + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1};
  const auto* first = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, offset));
  const std::size_t payload = mnl_nlmsg_get_payload_len(&message);
  return collect_attributes<Count>(first, payload < offset ? 0 : payload - offset);
}

template <std::size_t Count>
NetlinkAttributes<Count> parse_nested_attributes(const nlattr& nest) {
  return collect_attributes<Count>(static_cast<const nlattr*>(mnl_attr_get_payload(&nest)),
                                   mnl_attr_get_payload_len(&nest));
}

/// Not thread-safe: one thread a socket. It belongs to the network namespace in which it
/// was made, wherever its thread goes later.
class NetlinkSocket {
 public:
  using Visitor = std::function<void(const nlmsghdr&)>;

  /// GROUPS: RTNLGRP_* numbers to be notified of. Throws Error.
  explicit NetlinkSocket(std::span<const unsigned> groups = {});
  /// On an rtnetlink socket that was opened elsewhere, and is not bound yet. Throws Error.
  explicit NetlinkSocket(FileDescriptor opened);

  /// Sends the request and waits for its acknowledgement: 0, or the errno of the answer.
  [[nodiscard]] int request(NetlinkMessage& message);
  /// Sends both at once: the kernel carries out the second one too if this process is killed
  /// meanwhile. 0, or the errno of the first answer that is an error.
  [[nodiscard]] int request_together(NetlinkMessage& first, NetlinkMessage& second);
  /// Sends a request that is answered by one message (RTM_GETROUTE, RTM_GETLINK): 0 or errno.
  [[nodiscard]] int query(NetlinkMessage& message, const Visitor& visit);
  /// Sends a dump request and visits every answer. Throws Error; an interrupted dump is repeated.
  void dump(NetlinkMessage& message, const Visitor& visit);
  /// Visits the notifications that wait, without blocking. False when the kernel had to drop
  /// some (ENOBUFS): the caller must read the whole state again.
  [[nodiscard]] bool drain_notifications(const Visitor& visit) const;

  /// The kernel's text beside the errno of the last answer; often nothing.
  [[nodiscard]] const std::string& kernel_message() const noexcept { return kernel_message_; }
  [[nodiscard]] int fd() const noexcept { return mnl_socket_get_fd(socket_.get()); }

 private:
  void set_up();

  struct Close {
    void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
  };

  void send(NetlinkMessage& message);
  int receive(std::uint32_t sequence, const Visitor& visit, bool& interrupted);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
  std::string kernel_message_;
};

}  // namespace tunrelay
