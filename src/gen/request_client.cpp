// SPDX-License-Identifier: MIT
#include "gen/request_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <span>

#include "base/clock.hpp"
#include "gen/tcp_message.hpp"

namespace tunrelay {
namespace {

/// A response that has not come by then is lost.
constexpr std::int64_t kResponseLimitNs = kNanosecondsPerSecond;
constexpr std::size_t kResponseChunkBytes = 256 << 10;

/// Receives on a blocking socket that wakes now and then. 0: ended; -1: an errno.
ssize_t receive_until(int socket, std::span<std::byte> into, std::int64_t limit_ns,
                      const std::atomic<bool>& stop) noexcept {
  while (true) {
    const ssize_t count = ::recv(socket, into.data(), into.size(), 0);
    if (count >= 0 || (errno != EAGAIN && errno != EINTR)) return count;
    if (monotonic_ns() >= limit_ns) {
      errno = ETIMEDOUT;
      return -1;
    }
    if (stop.load(std::memory_order_relaxed)) {
      errno = ECANCELED;
      return -1;
    }
  }
}

/// A response that is late is not a failure of the sender: it is lost, and counted so.
int unless_late(int error) {
  return error == ETIMEDOUT ? 0 : error;
}

class UdpRequestClient final : public SocketSender {
 public:
  UdpRequestClient(const std::vector<FileDescriptor>& sockets, const LoadSpec& spec,
                   const PayloadPattern& pattern, ReceiveStatistics& statistics,
                   const std::atomic<bool>& stop)
      : sockets_(sockets),
        socket_sender_(make_udp_sender(sockets, pattern, 1)),
        statistics_(statistics),
        stop_(stop),
        chunk_(spec.most_payload_bytes() + 1) {}

  int send(std::size_t flow_index, const MessageHeader& header, std::uint32_t size_bytes,
           std::uint32_t count) noexcept override {
    if (const int error = socket_sender_->send(flow_index, header, size_bytes, count)) return error;
    const std::int64_t limit_ns = monotonic_ns() + kResponseLimitNs;
    while (true) {
      const ssize_t received = receive_until(sockets_[flow_index].get(), chunk_, limit_ns, stop_);
      if (received < 0) return unless_late(errno);
      const std::span<const std::byte> datagram(chunk_.data(), static_cast<std::size_t>(received));
      statistics_.take_datagram(datagram, monotonic_ns());
      // An older one, given up before, does not end the wait.
      if (datagram.size() >= kMessageHeaderBytes &&
          load_message_header(datagram.data()).sequence == header.sequence)
        return 0;
    }
  }

 private:
  const std::vector<FileDescriptor>& sockets_;
  std::unique_ptr<SocketSender> socket_sender_;
  ReceiveStatistics& statistics_;
  const std::atomic<bool>& stop_;
  std::vector<std::byte> chunk_;
};

/// Sends one request and waits for its response on a connected TCP socket. 0 or an errno.
int transact(int socket, const MessageHeader& header, std::uint32_t size_bytes, TcpReader& reader,
             std::span<std::byte> chunk, const PayloadPattern& pattern,
             ReceiveStatistics& statistics, const std::atomic<bool>& stop) noexcept {
  if (const int error = write_tcp_message(socket, header, size_bytes, 0, pattern, stop))
    return error;
  const std::int64_t limit_ns = monotonic_ns() + kResponseLimitNs;
  bool complete = false;
  while (!complete) {
    const ssize_t received = receive_until(socket, chunk, limit_ns, stop);
    if (received < 0) return unless_late(errno);
    const auto done = [&](const TcpMessage& message) noexcept {
      statistics.take(message.header, message.size_bytes, message.intact, message.reflected_ns,
                      monotonic_ns());
      complete = message.header.sequence == header.sequence;
    };
    if (received == 0 ||
        !reader.take(chunk.first(static_cast<std::size_t>(received)), pattern, done))
      return ECONNRESET;
  }
  return 0;
}

class TcpRequestClient final : public SocketSender {
 public:
  TcpRequestClient(const std::vector<FileDescriptor>& sockets, const LoadSpec& spec,
                   const PayloadPattern& pattern, ReceiveStatistics& statistics,
                   const std::atomic<bool>& stop)
      : sockets_(sockets),
        pattern_(pattern),
        statistics_(statistics),
        stop_(stop),
        readers_(sockets.size(), TcpReader(true, spec.most_payload_bytes())),
        chunk_(kResponseChunkBytes) {}

  int send(std::size_t flow_index, const MessageHeader& header, std::uint32_t size_bytes,
           std::uint32_t /*count*/) noexcept override {
    return transact(sockets_[flow_index].get(), header, size_bytes, readers_[flow_index], chunk_,
                    pattern_, statistics_, stop_);
  }

 private:
  const std::vector<FileDescriptor>& sockets_;
  const PayloadPattern& pattern_;
  ReceiveStatistics& statistics_;
  const std::atomic<bool>& stop_;
  std::vector<TcpReader> readers_;
  std::vector<std::byte> chunk_;
};

class ConnectionRequests final : public SocketSender {
 public:
  ConnectionRequests(const IpAddress& address, const SocketAddress& server, const LoadSpec& spec,
                     const PayloadPattern& pattern, ReceiveStatistics& statistics,
                     const std::atomic<bool>& stop)
      : own_name_(address, 0),
        server_(server),
        most_bytes_(spec.most_payload_bytes()),
        pattern_(pattern),
        statistics_(statistics),
        stop_(stop),
        chunk_(kResponseChunkBytes) {}

  int send(std::size_t /*flow_index*/, const MessageHeader& header, std::uint32_t size_bytes,
           std::uint32_t /*count*/) noexcept override {
    const FileDescriptor socket(::socket(server_.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return errno;
    prepare(socket.get());
    if (::bind(socket.get(), own_name_.get(), own_name_.length) != 0) return errno;
    if (const int error = try_connect(socket.get(), server_, kResponseLimitNs)) return error;
    TcpReader reader(true, most_bytes_);
    const int error =
        transact(socket.get(), header, size_bytes, reader, chunk_, pattern_, statistics_, stop_);
    // One connection that breaks is one failure, not the end of all.
    return error == ECONNRESET || error == EPIPE ? ECONNABORTED : error;
  }

 private:
  static void prepare(int socket) noexcept {
    const timeval patience{.tv_sec = 0, .tv_usec = kSocketPatienceNs / kNanosecondsPerMicrosecond};
    constexpr int kOn = 1;
    // A reset instead of TIME_WAIT: else the ports of one address are used up within a second.
    constexpr linger kReset{.l_onoff = 1, .l_linger = 0};
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_LINGER, &kReset, sizeof kReset));
    static_cast<void>(::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof kOn));
    static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn));
  }

  SocketAddress own_name_;
  SocketAddress server_;
  std::uint32_t most_bytes_;
  const PayloadPattern& pattern_;
  ReceiveStatistics& statistics_;
  const std::atomic<bool>& stop_;
  std::vector<std::byte> chunk_;
};

}  // namespace

std::unique_ptr<SocketSender> make_udp_request_client(const std::vector<FileDescriptor>& sockets,
                                                      const LoadSpec& spec,
                                                      const PayloadPattern& pattern,
                                                      ReceiveStatistics& statistics,
                                                      const std::atomic<bool>& stop) {
  return std::make_unique<UdpRequestClient>(sockets, spec, pattern, statistics, stop);
}

std::unique_ptr<SocketSender> make_tcp_request_client(const std::vector<FileDescriptor>& sockets,
                                                      const LoadSpec& spec,
                                                      const PayloadPattern& pattern,
                                                      ReceiveStatistics& statistics,
                                                      const std::atomic<bool>& stop) {
  return std::make_unique<TcpRequestClient>(sockets, spec, pattern, statistics, stop);
}

std::unique_ptr<SocketSender> make_connection_request_client(
    const IpAddress& address, const SocketAddress& server, const LoadSpec& spec,
    const PayloadPattern& pattern, ReceiveStatistics& statistics, const std::atomic<bool>& stop) {
  return std::make_unique<ConnectionRequests>(address, server, spec, pattern, statistics, stop);
}

}  // namespace tunrelay
