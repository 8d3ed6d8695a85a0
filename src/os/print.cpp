// SPDX-License-Identifier: MIT
#include "os/print.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>

#include "base/wrap.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kColumnsOfNoTerminal = 80;
// Of what is not too much for a terminal's line.
constexpr std::size_t kTerminalBytes = 256;

}  // namespace

void print_text(std::FILE* stream, std::string_view text, std::int64_t patience_ns) noexcept {
  std::fflush(stream);
  const int fd = ::fileno(stream);
  const std::size_t part_bytes = bytes_without_wait(fd);
  while (!text.empty()) {
    const std::string_view part = text.substr(0, part_bytes);
    if (wait_until_ready(fd, POLLOUT, patience_ns) != 0 || write_all(fd, part) != 0) return;
    text.remove_prefix(part.size());
  }
}

// Others share a pipe or a terminal, so that it is not ours to make it one that makes nobody wait.
std::size_t bytes_without_wait(int fd) noexcept {
  return ::isatty(fd) == 1 ? kTerminalBytes : PIPE_BUF;
}

std::size_t text_columns(int fd) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  if (const char* text = std::getenv("COLUMNS"); text != nullptr) {
    std::size_t columns = 0;
    const std::string_view number = text;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), columns);
    if (error == std::errc() && end == number.data() + number.size()) return columns;
  }
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size.ws_col;
  return kColumnsOfNoTerminal;
}

void print_wrapped(std::FILE* stream, std::string_view text, std::int64_t patience_ns) {
  print_text(stream, wrap_lines(text, text_columns(::fileno(stream))), patience_ns);
}

}  // namespace tunrelay
