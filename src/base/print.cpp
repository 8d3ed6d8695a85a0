#include "base/print.hpp"

#include <limits.h>
#include <poll.h>

#include "base/whole_file.hpp"

namespace tunrelay {

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

}  // namespace tunrelay
