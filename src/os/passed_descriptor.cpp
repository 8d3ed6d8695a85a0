// SPDX-License-Identifier: MIT
#include "os/passed_descriptor.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <utility>

#include "os/momentary.hpp"

namespace tunrelay {
namespace {

/// More than the kernel passes in one message (SCM_MAX_FD is 253), so that all are seen: those for
/// which there is no room the kernel closes, but it fills room that is only alignment, too.
constexpr std::size_t kMaxPassed = 256;

/// Bytes to be sent or to be filled in, with room for descriptors beside them.
class MessageWithRoom {
 public:
  MessageWithRoom(char* bytes, std::size_t count, std::size_t descriptors) noexcept
      : piece_{.iov_base = bytes, .iov_len = count} {
    message_.msg_iov = &piece_;
    message_.msg_iovlen = 1;
    message_.msg_control = room_.data();
    message_.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
  }
  ~MessageWithRoom() = default;
  MessageWithRoom(const MessageWithRoom&) = delete;
  MessageWithRoom& operator=(const MessageWithRoom&) = delete;

  [[nodiscard]] msghdr* get() noexcept { return &message_; }

 private:
  iovec piece_;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxPassed * sizeof(int))> room_{};
  msghdr message_{};
};

}  // namespace

ssize_t send_with_descriptor(const FileDescriptor& socket, std::string_view bytes,
                             int passed) noexcept {
  if (passed < 0)
    return call_patiently(
        [&] { return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  MessageWithRoom message(const_cast<char*>(bytes.data()), bytes.size(), 1);
  cmsghdr* header = CMSG_FIRSTHDR(message.get());
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof passed);
  std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
  return call_patiently([&] { return ::sendmsg(socket.get(), message.get(), MSG_NOSIGNAL); });
}

ssize_t receive_with_descriptor(const FileDescriptor& socket, char* bytes, std::size_t count,
                                FileDescriptor& passed) noexcept {
  MessageWithRoom message(bytes, count, kMaxPassed);
  const ssize_t received = ::recvmsg(socket.get(), message.get(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0) return received;
  for (cmsghdr* header = CMSG_FIRSTHDR(message.get()); header != nullptr;
       header = CMSG_NXTHDR(message.get(), header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t at = 0; at < came; ++at) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + at * sizeof descriptor, sizeof descriptor);
      FileDescriptor owned(descriptor);  // which closes what is not kept
      if (came == 1) passed = std::move(owned);
    }
    if (came != 1) passed.reset();
  }
  return received;
}

}  // namespace tunrelay
