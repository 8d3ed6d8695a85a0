// SPDX-License-Identifier: MIT
#include "os/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/file_descriptor.hpp"
#include "os/text_file.hpp"

namespace tunrelay {
namespace {

std::string in_proc(const std::string& path) {
  return "/proc/sys/" + path;
}

}  // namespace

std::optional<std::string> read_sysctl(const std::string& path) {
  return read_text_file(in_proc(path));
}

int write_sysctl(const std::string& path, std::string_view value) noexcept {
  const FileDescriptor file(::open(in_proc(path).c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) return errno;
  return ::write(file.get(), value.data(), value.size()) < 0 ? errno : 0;
}

}  // namespace tunrelay
