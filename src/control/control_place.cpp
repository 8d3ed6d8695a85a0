// SPDX-License-Identifier: MIT
#include "control/control_place.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "control/unix_socket.hpp"

namespace tunrelay {
namespace {

constexpr timespec kStartPause{.tv_sec = 0, .tv_nsec = 20'000'000};

/// The number of the socket at PATH; 0 where something else stands there, or nothing.
ino_t socket_at(const std::string& path) noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

enum class Listener { kThere, kNone, kUnknown };

Listener listener_at(const std::string& path) {
  const FileDescriptor socket = make_unix_socket();
  if (connect_unix_socket(socket, path) == 0) return Listener::kThere;
  return errno == ECONNREFUSED ? Listener::kNone : Listener::kUnknown;
}

}  // namespace

std::string control_directory() {
  if (::geteuid() == 0) return "/run/tunrelay";
  const char* run_time = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe)
  return run_time == nullptr || *run_time == '\0' ? "" : std::string(run_time) + "/tunrelay";
}

std::string control_path(const std::string& directory, const std::string& instance) {
  return fmt::format("{}/{}.{}.sock", directory, instance, ::getpid());
}

FoundControls sort_controls(const std::string& directory) {
  FoundControls found;
  std::vector<std::pair<std::string, ino_t>> refusing;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string path = entry.path();
    const ino_t inode = socket_at(path);
    if (entry.path().extension() != ".sock" || inode == 0) continue;
    const Listener listener = listener_at(path);
    if (listener == Listener::kThere) found.living.push_back(path);
    if (listener == Listener::kNone) refusing.emplace_back(path, inode);
  }
  // A relay that is just starting has its socket's name a moment before it listens.
  if (!refusing.empty()) ::nanosleep(&kStartPause, nullptr);
  for (const auto& [path, inode] : refusing)
    if (listener_at(path) == Listener::kNone && socket_at(path) == inode &&
        ::unlink(path.c_str()) == 0)
      found.removed.push_back(path);
  std::sort(found.living.begin(), found.living.end());
  std::sort(found.removed.begin(), found.removed.end());
  return found;
}

std::vector<std::string> living_controls(const std::string& directory) {
  return sort_controls(directory).living;
}

std::string find_control(const std::string& path) {
  if (!path.empty()) return path;
  const std::string directory = control_directory();
  const std::vector<std::string> living =
      directory.empty() ? std::vector<std::string>{} : living_controls(directory);
  if (living.empty())
    throw_unsupported_error(
        "find", "a running tunrelay",
        directory.empty() ? "XDG_RUNTIME_DIR is not set" : "none listens in " + directory,
        "start one, as the same user, or name its socket by --control-socket PATH");
  if (living.size() > 1)
    throw_usage_error(
        "choose", "a running tunrelay", "several run",
        fmt::format("add one of: --control-socket {}", fmt::join(living, ", --control-socket ")));
  return living.front();
}

}  // namespace tunrelay
