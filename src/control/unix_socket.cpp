// SPDX-License-Identifier: MIT
#include "control/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

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
