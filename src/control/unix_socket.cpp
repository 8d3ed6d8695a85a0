// SPDX-License-Identifier: MIT
#include "control/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace tunrelay {
namespace {

/// False, with errno, for a path that is too long.
bool name_socket(const std::string& path, sockaddr_un& name) noexcept {
  name = {};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  return true;
}

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

FileDescriptor make_unix_socket() {
  return FileDescriptor(check_system_call(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make",
                                          "a control socket"));
}

int connect_unix_socket(const FileDescriptor& socket, const std::string& path) noexcept {
  sockaddr_un name;
  if (!name_socket(path, name)) return -1;
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
}

int bind_unix_socket(const FileDescriptor& socket, const std::string& path) noexcept {
  sockaddr_un name;
  if (!name_socket(path, name)) return -1;
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
}

void make_way_for_socket(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  const FileDescriptor probe = make_unix_socket();
  if (!S_ISSOCK(status.st_mode)) throw_system_error(EEXIST, "listen at", path, "name another path");
  if (connect_unix_socket(probe, path) == 0 || errno != ECONNREFUSED)
    throw_system_error(EADDRINUSE, "listen at", path,
                       "another relay listens there; name another path");
  ::unlink(path.c_str());
}

ssize_t send_with_descriptor(const FileDescriptor& socket, const std::string& bytes,
                             int passed) noexcept {
  MessageWithRoom message(const_cast<char*>(bytes.data()), bytes.size(), 1);
  cmsghdr* header = CMSG_FIRSTHDR(message.get());
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof passed);
  std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
  return ::sendmsg(socket.get(), message.get(), MSG_NOSIGNAL);
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

bool peer_is_trusted(const FileDescriptor& socket, gid_t group) noexcept {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  if (peer.uid == 0 || peer.uid == ::geteuid() || peer.gid == group) return true;
  std::array<gid_t, 1024> groups{};
  length = sizeof groups;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) != 0)
    return false;
  const auto end = groups.begin() + static_cast<std::ptrdiff_t>(length / sizeof(gid_t));
  return std::find(groups.begin(), end, group) != end;
}

}  // namespace tunrelay
