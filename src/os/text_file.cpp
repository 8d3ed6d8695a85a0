// SPDX-License-Identifier: MIT
#include "os/text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tunrelay {
namespace {

std::optional<std::string> text_from_beginning(const FileDescriptor& file) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got =
        ::pread(file.get(), part.data(), part.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

std::optional<std::string> read_text_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  return text_from_beginning(file);
}

std::string read_text_again(const FileDescriptor& file) {
  return text_from_beginning(file).value_or("");
}

}  // namespace tunrelay
