// SPDX-License-Identifier: MIT
#include "control/control_place.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/unix_socket.hpp"
#include "os/wait_until.hpp"

namespace tunrelay {
namespace {

/// A relay that is just starting has its socket's name a moment before it listens: a longer one on
/// a busy machine.
constexpr std::int64_t kStartLimitNs = kNanosecondsPerSecond;

struct StandingSocket {
  ino_t inode = 0;
  std::int64_t bound_ns = 0;  ///< CLOCK_REALTIME
};

/// Nothing where something else stands at PATH, or nothing.
std::optional<StandingSocket> socket_at(const std::string& path) noexcept {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return StandingSocket{
      .inode = status.st_ino,
      .bound_ns = status.st_ctim.tv_sec * kNanosecondsPerSecond + status.st_ctim.tv_nsec};
}

enum class Listener { kThere, kNone, kUnknown };

Listener listener_at(const std::string& path) {
  const FileDescriptor socket = make_unix_socket();
  if (connect_unix_socket(socket, path) == 0) return Listener::kThere;
  return errno == ECONNREFUSED ? Listener::kNone : Listener::kUnknown;
}

/// Who listens at PATH once whoever has bound it, at BOUND_NS, has had time to.
Listener listener_in_time(const std::string& path, std::int64_t bound_ns) {
  Listener listener = Listener::kNone;
  const auto is_known = [&] {
    const bool had_time = clock_ns(CLOCK_REALTIME) - bound_ns >= kStartLimitNs;
    listener = listener_at(path);
    return listener != Listener::kNone || had_time;
  };
  static_cast<void>(wait_until(is_known, kStartLimitNs, 10 * kNanosecondsPerMillisecond));
  return listener;
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
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string path = entry.path();
    const auto socket = socket_at(path);
    if (entry.path().extension() != ".sock" || !socket) continue;
    const Listener listener = listener_in_time(path, socket->bound_ns);
    if (listener == Listener::kThere) found.living.push_back(path);
    if (listener != Listener::kNone) continue;
    const auto still = socket_at(path);
    if (still && still->inode == socket->inode && ::unlink(path.c_str()) == 0)
      found.removed.push_back(path);
  }
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
