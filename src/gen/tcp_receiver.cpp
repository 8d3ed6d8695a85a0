// SPDX-License-Identifier: MIT
// TCP connections, many a thread: messages are found and checked as the bytes come.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "gen/load_socket.hpp"
#include "gen/receiver.hpp"
#include "gen/tcp_message.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kChunkBytes = 256 << 10;
constexpr std::size_t kEvents = 64;

class TcpReceiver final : public Receiver {
 public:
  TcpReceiver(const ReceiverParts& parts, const FileDescriptor& listener,
              const std::vector<FileDescriptor>& connections)
      : parts_(parts),
        listener_(listener.get()),
        poll_(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "make", "an epoll")),
        chunk_(kChunkBytes),
        most_bytes_(parts.spec.most_payload_bytes()) {
    readers_.reserve(parts.spec.flows);
    accepted_.reserve(parts.spec.flows);
    for (const FileDescriptor& connection : connections) watch_connection(connection.get());
    if (listener_ < 0) return;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = kListener}};
    check_system_call(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, listener_, &event), "watch",
                      "a listener");
  }

  void run() noexcept override {
    std::array<epoll_event, kEvents> events{};
    while (!parts_.stop.load(std::memory_order_relaxed)) {
      const int ready = ::epoll_wait(poll_.get(), events.data(), kEvents,
                                     kSocketPatienceNs / kNanosecondsPerMillisecond);
      for (int at = 0; at < ready; ++at) {
        const std::uint64_t which = events[static_cast<std::size_t>(at)].data.u64;
        if (which == kListener)
          accept_one();
        else
          read(readers_[which]);
      }
    }
  }

 private:
  static constexpr std::uint64_t kListener = ~std::uint64_t{0};

  struct Connection {
    int socket;
    TcpReader reader;
  };

  /// 0 or an errno.
  int watch_connection(int socket) noexcept {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = readers_.size()}};
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket, &event) != 0) return errno;
    readers_.push_back(
        {socket, TcpReader(!parts_.echo && parts_.spec.has_responses(), most_bytes_)});
    return 0;
  }

  void accept_one() noexcept {
    FileDescriptor socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    // There are as many places as flows: more are not ours.
    if (!socket.is_open() || accepted_.size() == accepted_.capacity()) return;
    if (parts_.echo) {
      constexpr int kOn = 1;
      static_cast<void>(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn));
    }
    if (watch_connection(socket.get()) == 0) accepted_.push_back(std::move(socket));
  }

  void read(Connection& connection) noexcept {
    const ssize_t count = ::recv(connection.socket, chunk_.data(), chunk_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const std::int64_t now_ns = monotonic_ns();
    const auto done = [&](const TcpMessage& message) noexcept {
      if (parts_.statistics.take(message.header, message.size_bytes, message.intact,
                                 message.reflected_ns, now_ns) &&
          parts_.echo)
        // What does not go is missing at the other end, and counted there.
        static_cast<void>(write_tcp_message(connection.socket, message.header, message.size_bytes,
                                            monotonic_ns(), parts_.pattern, parts_.stop));
    };
    const bool sound =
        count > 0 && connection.reader.take({chunk_.data(), static_cast<std::size_t>(count)},
                                            parts_.pattern, done);
    // Ended, broken, or no stream of ours: not looked at any more.
    if (!sound) ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, connection.socket, nullptr);
  }

  ReceiverParts parts_;
  int listener_;
  FileDescriptor poll_;
  std::vector<std::byte> chunk_;
  std::uint32_t most_bytes_;
  std::vector<Connection> readers_;
  std::vector<FileDescriptor> accepted_;
};

/// One connection after the other: a request comes, its response goes, the client closes.
class ConnectionReceiver final : public Receiver {
 public:
  ConnectionReceiver(const ReceiverParts& parts, const FileDescriptor& listener)
      : parts_(parts),
        listener_(listener),
        chunk_(kChunkBytes),
        most_bytes_(parts.spec.most_payload_bytes()) {}

  void run() noexcept override {
    while (!parts_.stop.load(std::memory_order_relaxed)) {
      const FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (socket.is_open()) serve(socket.get());
    }
  }

 private:
  void serve(int socket) noexcept {
    const timeval limit{.tv_sec = 0, .tv_usec = kSocketPatienceNs / kNanosecondsPerMicrosecond};
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    TcpReader reader(false, most_bytes_);
    while (!parts_.stop.load(std::memory_order_relaxed)) {
      const ssize_t count = ::recv(socket, chunk_.data(), chunk_.size(), 0);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0) return;
      const auto answer = [&](const TcpMessage& message) noexcept {
        if (parts_.statistics.take(message.header, message.size_bytes, message.intact, 0,
                                   monotonic_ns()))
          static_cast<void>(write_tcp_message(socket, message.header, message.size_bytes,
                                              monotonic_ns(), parts_.pattern, parts_.stop));
      };
      if (!reader.take({chunk_.data(), static_cast<std::size_t>(count)}, parts_.pattern, answer))
        return;
    }
  }

  ReceiverParts parts_;
  const FileDescriptor& listener_;
  std::vector<std::byte> chunk_;
  std::uint32_t most_bytes_;
};

}  // namespace

std::unique_ptr<Receiver> make_tcp_receiver(const ReceiverParts& parts,
                                            const FileDescriptor& listener,
                                            const std::vector<FileDescriptor>& connections) {
  return std::make_unique<TcpReceiver>(parts, listener, connections);
}

std::unique_ptr<Receiver> make_connection_receiver(const ReceiverParts& parts,
                                                   const FileDescriptor& listener) {
  return std::make_unique<ConnectionReceiver>(parts, listener);
}

}  // namespace tunrelay
