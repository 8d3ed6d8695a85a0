// SPDX-License-Identifier: MIT
#include "gen/socket_sender.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "base/ensure.hpp"
#include "gen/tcp_message.hpp"

namespace tunrelay {
namespace {

class UdpSocketSender final : public SocketSender {
 public:
  UdpSocketSender(const std::vector<FileDescriptor>& sockets, const PayloadPattern& pattern,
                  std::uint32_t segments)
      : sockets_(sockets), pattern_(pattern), headers_(segments), pieces_(2UL * segments) {}

  int send(std::size_t flow_index, const MessageHeader& header, std::uint32_t size_bytes,
           std::uint32_t count) noexcept override {
    ensure(count <= headers_.size(), "a socket sender sends as many segments as it was made for");
    for (std::uint32_t segment = 0; segment < count; ++segment) {
      MessageHeader& own = headers_[segment];
      own = header;
      own.sequence += segment;
      pieces_[2UL * segment] = {&own, kMessageHeaderBytes};
      pieces_[2UL * segment + 1] = {
          const_cast<std::byte*>(pattern_.of(own.flow, own.sequence)),  // iovec has no const
          size_bytes - kMessageHeaderBytes};
    }
    msghdr message{};
    message.msg_iov = pieces_.data();
    message.msg_iovlen = 2UL * count;
    while (::sendmsg(sockets_[flow_index].get(), &message, MSG_NOSIGNAL) < 0)
      if (errno != EINTR) return errno;
    return 0;
  }

 private:
  const std::vector<FileDescriptor>& sockets_;
  const PayloadPattern& pattern_;
  std::vector<MessageHeader> headers_;
  std::vector<iovec> pieces_;
};

class TcpSocketSender final : public SocketSender {
 public:
  TcpSocketSender(const std::vector<FileDescriptor>& sockets, const PayloadPattern& pattern,
                  const std::atomic<bool>& stop)
      : sockets_(sockets), pattern_(pattern), stop_(stop) {}

  int send(std::size_t flow_index, const MessageHeader& header, std::uint32_t size_bytes,
           std::uint32_t /*count*/) noexcept override {
    return write_tcp_message(sockets_[flow_index].get(), header, size_bytes, 0, pattern_, stop_);
  }

 private:
  const std::vector<FileDescriptor>& sockets_;
  const PayloadPattern& pattern_;
  const std::atomic<bool>& stop_;
};

}  // namespace

std::unique_ptr<SocketSender> make_udp_sender(const std::vector<FileDescriptor>& sockets,
                                              const PayloadPattern& pattern,
                                              std::uint32_t segments) {
  return std::make_unique<UdpSocketSender>(sockets, pattern, segments);
}

std::unique_ptr<SocketSender> make_tcp_sender(const std::vector<FileDescriptor>& sockets,
                                              const PayloadPattern& pattern,
                                              const std::atomic<bool>& stop) {
  return std::make_unique<TcpSocketSender>(sockets, pattern, stop);
}

}  // namespace tunrelay
