// SPDX-License-Identifier: MIT
// What reads rtnetlink's answers, before a peer that answers anything: values, or an Error with a
// message, and no byte read outside of a message. It stands in the place of libmnl's two functions
// that send and receive.
// Input: which reader (1 byte), then datagrams: length (2 bytes), bytes. Sequence numbers are put
// right, so that messages count as answers.
// Covers: os/netlink.cpp os/netlink_values.hpp route/model/interface.cpp
//   route/model/interface_address.cpp route/model/rule.cpp route/model/route.cpp
//   device/existing_tun.cpp
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "device/existing_tun.hpp"
#include "os/netlink.hpp"
#include "route/apply/rtnetlink.hpp"
#include "route/model/host_state.hpp"

using namespace tunrelay;

namespace {

/// The datagrams that the peer sends.
class Peer {
 public:
  void begin(std::span<const std::uint8_t> input) {
    input_ = input;
    sequence_ = 0;
  }
  void ask(const void* request, std::size_t size) {
    nlmsghdr header{};
    if (size >= sizeof header) std::memcpy(&header, request, sizeof header);
    sequence_ = header.nlmsg_seq;
  }
  /// The next one in BUFFER: its length, or -1 when there is no other.
  ssize_t answer(std::span<std::byte> buffer) {
    if (input_.size() < 2) return -1;
    const std::size_t wanted = input_[0] | std::size_t{input_[1]} << 8U;
    input_ = input_.subspan(2);
    const std::size_t length = std::min({wanted, input_.size(), buffer.size()});
    std::memcpy(buffer.data(), input_.data(), length);
    input_ = input_.subspan(length);
    int left = static_cast<int>(length);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); is_whole(message, left);
         message = static_cast<nlmsghdr*>(static_cast<void*>(mnl_nlmsg_next(message, &left)))) {
      message->nlmsg_seq = sequence_;
      // A dump that changes all the time is waited for, each time longer.
      message->nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_DUMP_INTR);
    }
    return static_cast<ssize_t>(length);
  }

 private:
  std::span<const std::uint8_t> input_;
  std::uint32_t sequence_ = 0;
};

Peer peer;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Each message as one that came unasked, in memory of its own.
void take_notifications() {
  NetlinkSocket socket;
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  require(::dup2(ends[0], socket.fd()) == socket.fd());
  ::close(ends[0]);
  alignas(nlmsghdr) std::array<std::byte, 8192> datagram{};
  for (ssize_t length = 0; (length = peer.answer(datagram)) > 0;)
    ::send(ends[1], datagram.data(), static_cast<std::size_t>(length), MSG_DONTWAIT);
  require(socket.drain_notifications([](const nlmsghdr& message) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&message);
    const std::vector<std::byte> own(bytes, bytes + message.nlmsg_len);
    const auto& copy = *reinterpret_cast<const nlmsghdr*>(own.data());
    static_cast<void>(to_line(decode_interface(copy)));
    static_cast<void>(decode_interface_counters(copy));
  }));
  ::close(ends[1]);
}

void read(std::uint8_t reader) {
  if (reader % 9 == 8) return take_notifications();
  if (reader % 9 == 7) return static_cast<void>(find_existing_tun("tun0"));
  NetlinkSocket socket;
  HostState state;
  switch (reader % 9) {
    case 0:
      state.interfaces = read_interfaces(socket);
      break;
    case 1:
      state.addresses = read_addresses(socket);
      break;
    case 2:
      state.rules = read_rules(socket);
      break;
    case 3:
      state.routes = read_routes(socket);
      break;
    case 4:
      static_cast<void>(read_interface(socket, "tun0"));
      break;
    case 5:
      static_cast<void>(delete_rule(socket, Rule{}));
      break;
    default:
      static_cast<void>(restore_rule(socket, Rule{}));
  }
  // Each value has a text, and is the same as itself.
  static_cast<void>(differences({}, state));
  require(differences(state, state).empty());
}

}  // namespace

// As libmnl declares them.
extern "C" ssize_t mnl_socket_sendto(const mnl_socket* /*socket*/, const void* request,
                                     std::size_t size) {
  peer.ask(request, size);
  return static_cast<ssize_t>(size);
}
extern "C" ssize_t mnl_socket_recvfrom(const mnl_socket* /*socket*/, void* buffer,
                                       std::size_t size) {
  const ssize_t length = peer.answer({static_cast<std::byte*>(buffer), size});
  if (length < 0) errno = ENOBUFS;
  return length;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  peer.begin({data + 1, size - 1});
  try {
    read(data[0]);
  } catch (const Error& error) {
    if (error.parts().cause.empty()) std::abort();
  }
  return 0;
}
