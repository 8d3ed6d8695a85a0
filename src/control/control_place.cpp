#include "control/control_place.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/error.hpp"
#include "control/unix_socket.hpp"

namespace tunrelay {

std::string control_directory() {
  if (::geteuid() == 0) return "/run/tunrelay";
  const char* run_time = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe)
  return run_time == nullptr || *run_time == '\0' ? "" : std::string(run_time) + "/tunrelay";
}

std::string control_path(const std::string& directory, const std::string& instance) {
  return fmt::format("{}/{}.{}.sock", directory, instance, ::getpid());
}

std::vector<std::string> living_controls(const std::string& directory) {
  std::vector<std::string> living;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() != ".sock" || !entry.is_socket(ignored)) continue;
    const std::string path = entry.path();
    FileDescriptor socket = make_unix_socket();
    if (connect_unix_socket(socket, path) == 0)
      living.push_back(path);
    else if (errno == ECONNREFUSED)
      ::unlink(path.c_str());
  }
  std::sort(living.begin(), living.end());
  return living;
}

std::string find_control(const std::string& path) {
  if (!path.empty()) return path;
  const std::string directory = control_directory();
  const std::vector<std::string> living =
      directory.empty() ? std::vector<std::string>{} : living_controls(directory);
  if (living.empty())
    throw_unfit_error(
        "find", "a running tunrelay",
        directory.empty() ? "XDG_RUNTIME_DIR is not set" : "none listens in " + directory,
        "start one, as the same user, or name its socket by --control PATH");
  if (living.size() > 1)
    throw_usage_error("choose", "a running tunrelay", "several run",
                      fmt::format("add one of: --control {}", fmt::join(living, ", --control ")));
  return living.front();
}

}  // namespace tunrelay
