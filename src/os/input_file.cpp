// SPDX-License-Identifier: MIT
#include "os/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.hpp"
#include "base/units.hpp"
#include "os/interruptible.hpp"

namespace tunrelay {
namespace {

/// What is wrong with an input, for its error.
struct Refusal {
  const std::string& path;
  const std::string& attempt;

  [[noreturn]] void refuse(const std::string& answer) const {
    throw_usage_error(attempt, path, answer);
  }
  [[noreturn]] void too_large(std::size_t most_bytes) const {
    refuse(fmt::format("it has over {}", format_bytes(most_bytes)));
  }
  void wait_for(int fd) const {
    const int error = wait_until_ready(fd, POLLIN);
    if (error != 0) throw_system_error(error, attempt, path, "a signal ended the wait for it");
  }
};

}  // namespace

FileDescriptor open_input(const std::string& path, const std::string& attempt,
                          std::size_t most_bytes) {
  const Refusal refusal{path, attempt};
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found {};
  if (!file.is_open() || ::fstat(file.get(), &found) != 0) refusal.refuse(describe_errno(errno));
  if (S_ISDIR(found.st_mode)) refusal.refuse(describe_errno(EISDIR));
  if (!S_ISREG(found.st_mode))
    refusal.wait_for(file.get());
  else if (static_cast<std::size_t>(found.st_size) > most_bytes)
    refusal.too_large(most_bytes);
  return file;
}

std::string read_whole_file(const std::string& path, const std::string& attempt,
                            std::size_t most_bytes) {
  const Refusal refusal{path, attempt};
  const FileDescriptor file = open_input(path, attempt, most_bytes);
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got == 0) return text;
    if (got > 0) {
      text.append(part.data(), static_cast<std::size_t>(got));
      if (text.size() > most_bytes) refusal.too_large(most_bytes);
    } else if (errno == EAGAIN) {
      refusal.wait_for(file.get());
    } else if (errno != EINTR) {
      refusal.refuse(describe_errno(errno));
    }
  }
}

}  // namespace tunrelay
