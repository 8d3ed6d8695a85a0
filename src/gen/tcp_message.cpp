// SPDX-License-Identifier: MIT
#include "gen/tcp_message.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace tunrelay {
namespace {

/// PIECES without their first BYTES.
std::span<iovec> behind(std::span<iovec> pieces, std::size_t bytes) noexcept {
  while (!pieces.empty() && bytes >= pieces.front().iov_len) {
    bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<std::byte*>(pieces.front().iov_base) + bytes;
    pieces.front().iov_len -= bytes;
  }
  return pieces;
}

}  // namespace

int write_tcp_message(int socket, const MessageHeader& header, std::uint32_t size_bytes,
                      std::int64_t reflected_ns, const PayloadPattern& pattern,
                      const std::atomic<bool>& stop) noexcept {
  const bool response = reflected_ns != 0;
  const std::uint32_t head_bytes = response ? kResponseHeadBytes : kRequestHeadBytes;
  std::array<std::byte, kResponseHeadBytes> head{};
  std::memcpy(head.data(), &size_bytes, kLengthBytes);
  std::memcpy(head.data() + kLengthBytes, &header, kMessageHeaderBytes);
  std::memcpy(head.data() + kRequestHeadBytes, &reflected_ns, kReflectedBytes);
  const std::byte* body =
      pattern.of(header.flow, header.sequence) + (response ? kReflectedBytes : 0);
  std::array<iovec, 2> all{iovec{head.data(), head_bytes},
                           iovec{const_cast<std::byte*>(body),  // iovec knows no const
                                 size_bytes - head_bytes}};
  std::span<iovec> left = behind(all, 0);
  while (!left.empty()) {
    msghdr message{};
    message.msg_iov = left.data();
    message.msg_iovlen = left.size();
    const ssize_t written = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (written >= 0) {
      left = behind(left, static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    } else if (stop.load(std::memory_order_relaxed)) {
      return ECANCELED;
    }
  }
  return 0;
}

}  // namespace tunrelay
