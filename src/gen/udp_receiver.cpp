// SPDX-License-Identifier: MIT
// Datagrams: many a system call, each checked where it lies.
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "gen/load_socket.hpp"
#include "gen/receiver.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMergedBytes = 65'536;
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int));

class UdpReceiver final : public Receiver {
 public:
  UdpReceiver(const ReceiverParts& parts, const std::vector<FileDescriptor>& sockets)
      : parts_(parts), sockets_(sockets) {
    // A byte more than any of ours: what is longer shall not pass for one that it begins with.
    const std::size_t slot_bytes =
        parts.spec.receive_merged ? kMergedBytes : std::size_t{parts.spec.most_payload_bytes()} + 1;
    bytes_.resize(kBatch * slot_bytes);
    for (std::size_t at = 0; at < kBatch; ++at) {
      pieces_[at] = {bytes_.data() + at * slot_bytes, slot_bytes};
      msghdr& message = messages_[at].msg_hdr;
      message.msg_iov = &pieces_[at];
      message.msg_iovlen = 1;
    }
    if (sockets.size() == 1) return;
    poll_ = FileDescriptor(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "make", "an epoll"));
    for (const FileDescriptor& socket : sockets) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = socket.get()}};
      check_system_call(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket.get(), &event), "watch",
                        "a socket");
    }
  }

  void run() noexcept override {
    while (!parts_.stop.load(std::memory_order_relaxed)) {
      if (sockets_.size() == 1)
        receive(sockets_.front().get(), MSG_WAITFORONE);
      else
        receive_from_those_ready();
    }
    for (const FileDescriptor& socket : sockets_)
      parts_.statistics.count_socket_drops(receive_drops_of(socket.get()));
  }

 private:
  void receive_from_those_ready() noexcept {
    std::array<epoll_event, kBatch> events;
    const int ready = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()),
                                   kSocketPatienceNs / kNanosecondsPerMillisecond);
    for (int at = 0; at < ready; ++at)
      receive(events[static_cast<std::size_t>(at)].data.fd, MSG_DONTWAIT);
  }

  void receive(int socket, int flags) noexcept {
    for (std::size_t at = 0; at < kBatch; ++at) {
      msghdr& message = messages_[at].msg_hdr;
      message.msg_name = parts_.echo ? &names_[at] : nullptr;
      message.msg_namelen = parts_.echo ? sizeof names_[at] : 0;
      message.msg_control = parts_.spec.receive_merged ? controls_[at].data() : nullptr;
      message.msg_controllen = parts_.spec.receive_merged ? kControlBytes : 0;
    }
    const int count = ::recvmmsg(socket, messages_.data(), kBatch, flags, nullptr);
    // An error that a datagram of ours caused (ECONNREFUSED) is reported once and then gone.
    if (count <= 0) return;
    const std::int64_t now_ns = monotonic_ns();
    for (std::size_t at = 0; at < static_cast<std::size_t>(count); ++at) take(at, now_ns);
    if (parts_.echo) send_back(socket, static_cast<std::size_t>(count));
  }

  void take(std::size_t at, std::int64_t now_ns) noexcept {
    std::span<const std::byte> rest(static_cast<const std::byte*>(pieces_[at].iov_base),
                                    messages_[at].msg_len);
    const std::size_t segment_bytes = segment_bytes_of(messages_[at].msg_hdr, rest.size());
    while (rest.size() > segment_bytes) {
      parts_.statistics.take_datagram(rest.first(segment_bytes), now_ns);
      rest = rest.subspan(segment_bytes);
    }
    parts_.statistics.take_datagram(rest, now_ns);
  }

  /// What UDP_GRO says with a merged datagram (net/ipv4/udp.c: udp_cmsg_recv()).
  static std::size_t segment_bytes_of(msghdr& message, std::size_t whole_bytes) noexcept {
    if (message.msg_control == nullptr) return whole_bytes;
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
         control = CMSG_NXTHDR(&message, control)) {
      if (control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_GRO) continue;
      int segment_bytes = 0;
      std::memcpy(&segment_bytes, CMSG_DATA(control), sizeof segment_bytes);
      if (segment_bytes > 0) return static_cast<std::size_t>(segment_bytes);
    }
    return whole_bytes;
  }

  /// Each to whom it came from, with the time at which it goes.
  void send_back(int socket, std::size_t count) noexcept {
    const std::int64_t now_ns = monotonic_ns();
    for (std::size_t at = 0; at < count; ++at) {
      pieces_[at].iov_len = messages_[at].msg_len;
      if (messages_[at].msg_len >= kMessageHeaderBytes + kReflectedBytes)
        std::memcpy(static_cast<std::byte*>(pieces_[at].iov_base) + kMessageHeaderBytes, &now_ns,
                    kReflectedBytes);
      messages_[at].msg_hdr.msg_control = nullptr;
      messages_[at].msg_hdr.msg_controllen = 0;
    }
    // What does not go is missing at the other end, and counted there.
    std::size_t sent = 0;
    while (sent < count) {
      const int now_sent = ::sendmmsg(socket, messages_.data() + sent,
                                      static_cast<unsigned>(count - sent), MSG_NOSIGNAL);
      sent += now_sent > 0 ? static_cast<std::size_t>(now_sent) : 1;
    }
    const std::size_t slot_bytes = bytes_.size() / kBatch;
    for (std::size_t at = 0; at < count; ++at) pieces_[at].iov_len = slot_bytes;
  }

  ReceiverParts parts_;
  const std::vector<FileDescriptor>& sockets_;
  FileDescriptor poll_;
  std::vector<std::byte> bytes_;
  std::array<iovec, kBatch> pieces_{};
  std::array<sockaddr_storage, kBatch> names_{};
  std::array<std::array<std::byte, kControlBytes>, kBatch> controls_{};
  std::array<mmsghdr, kBatch> messages_{};
};

}  // namespace

std::unique_ptr<Receiver> make_udp_receiver(const ReceiverParts& parts,
                                            const std::vector<FileDescriptor>& sockets) {
  return std::make_unique<UdpReceiver>(parts, sockets);
}

}  // namespace tunrelay
