// SPDX-License-Identifier: MIT
#include "os/output_queue.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "base/wrap.hpp"
#include "os/interruptible.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

bool is_ready(int fd) noexcept {
  pollfd watched{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&watched, 1, 0) == 1;
}

/// As many whole lines of TEXT as are no more than BYTES, so that what others print does not come
/// in between; of a longer line a part.
std::string_view part_of(std::string_view text, std::size_t bytes) noexcept {
  const std::string_view part = text.substr(0, bytes);
  const std::size_t end = part.rfind('\n');
  return end == std::string_view::npos ? part : part.substr(0, end + 1);
}

}  // namespace

OutputQueue::OutputQueue(std::FILE* stream)
    : fd_(::fileno(stream)), part_bytes_(bytes_without_wait(fd_)) {
  std::fflush(stream);
}

void OutputQueue::print(std::string_view text) noexcept try {
  if (waiting_.size() + text.size() > kLimitBytes) return lose(text);
  waiting_ += text;
  go_on();
} catch (const std::bad_alloc&) {
  lose(text);
}

void OutputQueue::print_wrapped(std::string_view text) {
  print(wrap_lines(text, text_columns(fd_)));
}

void OutputQueue::go_on() noexcept {
  std::size_t printed = 0;
  while (printed < waiting_.size() && is_ready(fd_)) {
    const auto part = part_of(std::string_view(waiting_).substr(printed), part_bytes_);
    const ssize_t count = ::write(fd_, part.data(), part.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    // To a reader that has gone, or on a full disk, nothing more can be printed.
    printed = count < 0 ? waiting_.size() : printed + static_cast<std::size_t>(count);
  }
  waiting_.erase(0, printed);
}

bool OutputQueue::finish(std::int64_t patience_ns) noexcept {
  go_on();
  while (!is_empty() && wait_until_ready(fd_, POLLOUT, patience_ns) == 0) go_on();
  if (is_empty()) return true;
  lose(waiting_);
  waiting_.clear();
  return false;
}

std::uint64_t OutputQueue::take_lost_lines() noexcept {
  return std::exchange(lost_lines_, 0);
}

void OutputQueue::lose(std::string_view text) noexcept {
  lost_lines_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace tunrelay
