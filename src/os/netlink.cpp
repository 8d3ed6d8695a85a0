// SPDX-License-Identifier: MIT
#include "os/netlink.hpp"

#include <sys/socket.h>
#include <time.h>

#include <cerrno>
#include <string>
#include <vector>

#include "base/ensure.hpp"
#include "base/error.hpp"
#include "os/netlink_values.hpp"

namespace tunrelay {
namespace {

// Large enough for the answers to a dump (the kernel recommends 32 KiB since 4.4).
constexpr std::size_t kReceiveBytes = 32768;
// A flapping link sends thousands of notifications a second; this holds some seconds of it.
constexpr int kNotificationBufferBytes = 4 << 20;

/// The extended acknowledgement's text: it stands behind the request, when that is repeated.
std::string message_of(const nlmsghdr& answer) {
  if ((answer.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const auto error = fixed_header<nlmsgerr>(answer);
  std::size_t header_bytes = sizeof error;
  if ((answer.nlmsg_flags & NLM_F_CAPPED) == 0 && error.msg.nlmsg_len > sizeof(nlmsghdr))
    header_bytes += error.msg.nlmsg_len - sizeof(nlmsghdr);
  return text_of(parse_attributes<NLMSGERR_ATTR_MAX + 1>(answer, header_bytes)[NLMSGERR_ATTR_MSG]);
}

/// The errno in an NLMSG_ERROR, 0 for an acknowledgement.
int errno_of(const nlmsghdr& answer) {
  constexpr int kMaxErrno = 4095;
  if (mnl_nlmsg_get_payload_len(&answer) < sizeof(int)) return EPROTO;
  const int error = fixed_header<int>(answer);
  return error <= 0 && error >= -kMaxErrno ? -error : EPROTO;
}

}  // namespace

NetlinkMessage::NetlinkMessage(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

void NetlinkMessage::put_u8(std::uint16_t attribute, std::uint8_t value) {
  mnl_attr_put_u8(message(), attribute, value);
}

void NetlinkMessage::put_u32(std::uint16_t attribute, std::uint32_t value) {
  mnl_attr_put_u32(message(), attribute, value);
}

void NetlinkMessage::put_text(std::uint16_t attribute, std::string_view value) {
  mnl_attr_put_strz(message(), attribute, std::string(value).c_str());
}

void NetlinkMessage::put_address(std::uint16_t attribute, const IpAddress& value) {
  mnl_attr_put(message(), attribute, value.bytes().size(), value.bytes().data());
}

void NetlinkMessage::put_bytes(std::uint16_t attribute, std::span<const std::byte> value) {
  mnl_attr_put(message(), attribute, value.size(), value.data());
}

nlattr* NetlinkMessage::begin_nest(std::uint16_t attribute) {
  return mnl_attr_nest_start(message(), attribute);
}

void NetlinkMessage::end_nest(nlattr* nest) {
  mnl_attr_nest_end(message(), nest);
}

NetlinkSocket::NetlinkSocket(std::span<const unsigned> groups)
    : socket_(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)) {
  set_up();
  if (groups.empty()) return;
  // FORCE needs CAP_NET_ADMIN; without it the system's limit holds, and ENOBUFS is handled.
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kNotificationBufferBytes,
                   sizeof kNotificationBufferBytes) < 0)
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &kNotificationBufferBytes,
                 sizeof kNotificationBufferBytes);
  for (unsigned group : groups) {
    int number = static_cast<int>(group);
    check_system_call(
        mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &number, sizeof number),
        "join the netlink group", std::to_string(group));
  }
}

NetlinkSocket::NetlinkSocket(FileDescriptor opened) : socket_(mnl_socket_fdopen(opened.get())) {
  if (socket_) static_cast<void>(opened.release());  // which it closes itself
  set_up();
}

void NetlinkSocket::set_up() {
  if (!socket_) throw_system_error(errno, "open", "a netlink socket");
  check_system_call(mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID), "bind",
                    "a netlink socket");
  // Answers with text where the kernel has some; old kernels refuse, which does no harm.
  int on = 1;
  mnl_socket_setsockopt(socket_.get(), NETLINK_EXT_ACK, &on, sizeof on);
  // Without it the kernel does not check the header of a dump request and ignores filters.
  mnl_socket_setsockopt(socket_.get(), NETLINK_GET_STRICT_CHK, &on, sizeof on);
}

void NetlinkSocket::send(NetlinkMessage& message) {
  nlmsghdr* header = message.message();
  header->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0)
    throw_system_error(errno, "send to", "rtnetlink");
}

int NetlinkSocket::receive(std::uint32_t sequence, const Visitor& visit, bool& interrupted) {
  std::vector<std::byte> buffer(kReceiveBytes);
  for (;;) {
    const ssize_t received = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (received < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
         is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence) continue;  // the tail of an answer given up on
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
      if (message->nlmsg_type == NLMSG_ERROR) {
        kernel_message_ = message_of(*message);
        return errno_of(*message);
      }
      if (message->nlmsg_type == NLMSG_DONE) return 0;
      if (visit) visit(*message);
    }
  }
}

int NetlinkSocket::request(NetlinkMessage& message) {
  message.message()->nlmsg_flags |= NLM_F_ACK;
  send(message);
  bool interrupted = false;
  return receive(sequence_, nullptr, interrupted);
}

int NetlinkSocket::request_together(NetlinkMessage& first, NetlinkMessage& second) {
  std::vector<std::byte> both;
  for (NetlinkMessage* message : {&first, &second}) {
    nlmsghdr* header = message->message();
    header->nlmsg_flags |= NLM_F_ACK;
    header->nlmsg_seq = ++sequence_;
    const auto* bytes = reinterpret_cast<const std::byte*>(header);
    both.insert(both.end(), bytes, bytes + NLMSG_ALIGN(header->nlmsg_len));
  }
  if (mnl_socket_sendto(socket_.get(), both.data(), both.size()) < 0)
    throw_system_error(errno, "send to", "rtnetlink");
  bool interrupted = false;
  const int first_error = receive(sequence_ - 1, nullptr, interrupted);
  const int second_error = receive(sequence_, nullptr, interrupted);
  return first_error != 0 ? first_error : second_error;
}

int NetlinkSocket::query(NetlinkMessage& message, const Visitor& visit) {
  // The acknowledgement behind the one answer ends the wait, so both cases end alike.
  message.message()->nlmsg_flags |= NLM_F_ACK;
  send(message);
  bool interrupted = false;
  return receive(sequence_, visit, interrupted);
}

void NetlinkSocket::dump(NetlinkMessage& message, const Visitor& visit) {
  constexpr int kTries = 20;
  // One more for each try: about 0.2 s together.
  constexpr long kPauseNs = 1'000'000;
  message.message()->nlmsg_flags |= NLM_F_DUMP;
  for (int tries = 0; tries < kTries; ++tries) {
    std::vector<std::vector<std::byte>> answers;
    bool interrupted = false;
    send(message);
    const int error = receive(
        sequence_,
        [&](const nlmsghdr& answer) {
          const auto* bytes = reinterpret_cast<const std::byte*>(&answer);
          answers.emplace_back(bytes, bytes + answer.nlmsg_len);
        },
        interrupted);
    if (error != 0 && error != EINTR) throw_system_error(error, "read", "a netlink dump");
    if (interrupted) {  // it changed while we read: a mix of before and after
      const timespec pause{.tv_sec = 0, .tv_nsec = tries * kPauseNs};
      ::nanosleep(&pause, nullptr);
      continue;
    }
    for (const auto& answer : answers) visit(*reinterpret_cast<const nlmsghdr*>(answer.data()));
    return;
  }
  throw_system_error(EAGAIN, "read", "a netlink dump",
                     "another program changes the network state without pause");
}

bool NetlinkSocket::drain_notifications(const Visitor& visit) const {
  std::vector<std::byte> buffer(kReceiveBytes);
  bool complete = true;
  for (;;) {
    const ssize_t received = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno == ENOBUFS) {
        complete = false;
        continue;
      }
      return complete;
    }
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
         is_whole(message, left); message = mnl_nlmsg_next(message, &left))
      visit(*message);
  }
}

}  // namespace tunrelay
