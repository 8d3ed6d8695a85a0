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

}  // namespace

void print_text(std::FILE* stream, std::string_view text, std::int64_t patience_ns) noexcept {
  std::fflush(stream);
  const int fd = ::fileno(stream);
  while (!text.empty()) {
    // A pipe that is ready takes so much at once; others share it, so that it is not ours to make
    // it one that makes nobody wait.
    const std::string_view part = text.substr(0, PIPE_BUF);
    if (wait_until_ready(fd, POLLOUT, patience_ns) != 0 || write_all(fd, part) != 0) return;
    text.remove_prefix(part.size());
  }
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
