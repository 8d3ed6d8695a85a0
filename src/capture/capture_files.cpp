// SPDX-License-Identifier: MIT
#include "capture/capture_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "os/output_file.hpp"

namespace tunrelay {
namespace {

constexpr const char* kAttempt = "write the capture";
constexpr int kPatienceMs = 50;

/// NAME.pcapng -> NAME_00001.pcapng.
std::string numbered(const std::string& file, std::size_t number) {
  std::filesystem::path path(file);
  const std::string name =
      fmt::format("{}_{:05}{}", path.stem().string(), number, path.extension().string());
  return path.replace_filename(name).string();
}

/// A pipe as a file of our own that does not make us wait, whatever others have set on it. A named
/// one may be out of a confined process's reach: then PIPE, which its client has opened for us.
FileDescriptor reopened(FileDescriptor pipe, const std::string& name) {
  const std::string path = fmt::format("/proc/self/fd/{}", pipe.get());
  const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (own < 0 && errno == EACCES) {
    check_system_call(::fcntl(pipe.get(), F_SETFL, O_NONBLOCK), kAttempt, name);
    return pipe;
  }
  return FileDescriptor(check_system_call(own, kAttempt, name));
}

}  // namespace

CaptureFiles::CaptureFiles(Options options, PcapngBytes header)
    : options_(std::move(options)), header_(std::move(header)) {
  open_next();
  begin_file();
}

CaptureFiles::CaptureFiles(FileDescriptor file, std::string name, PcapngBytes header)
    : header_(std::move(header)), file_(std::move(file)), name_(std::move(name)), opened_(1) {
  // Who may only read a pipe shall not write to it through us.
  if ((::fcntl(file_.get(), F_GETFL) & O_ACCMODE) == O_RDONLY)
    throw_usage_error("write a capture to", name_, "it is open for reading alone");
  begin_file();
  struct stat status {};
  ::fstat(file_.get(), &status);
  // What else there is may make us wait, and the relay's user with us.
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
    throw_usage_error("write a capture to", name_, "it is neither a file nor a pipe",
                      "name a file, or pipe it through cat");
}

void CaptureFiles::open_next() {
  ++opened_;
  if (options_.file == "-") {
    if (::isatty(STDOUT_FILENO) != 0)
      throw_usage_error("write a capture to", "a terminal", "it is not for eyes",
                        "pipe it into `wireshark -k -i -` or `tshark -r -`, or name a file");
    name_ = "standard output";
    file_ =
        FileDescriptor(check_system_call(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "use", name_));
    return;
  }
  name_ = options_.rotates ? numbered(options_.file, opened_) : options_.file;
  // Who starts the capture waits for a pipe's reader; the thread that begins the next file, and
  // sees no signal, does not.
  file_ = open_output(name_, kAttempt, kOwnerOnly, opened_ == 1 ? kNoLimit : 0);
  kept_names_.push_back(name_);
  while (options_.files != 0 && kept_names_.size() > options_.files) {
    ::unlink(kept_names_.front().c_str());
    kept_names_.pop_front();
  }
}

void CaptureFiles::begin_file() {
  struct stat status {};
  check_system_call(::fstat(file_.get(), &status), kAttempt, name_);
  is_regular_ = S_ISREG(status.st_mode);
  if (S_ISFIFO(status.st_mode)) file_ = reopened(std::move(file_), name_);
  begin_bytes_ = 0;
  if (is_regular_) {
    const bool appends = (::fcntl(file_.get(), F_GETFL) & O_APPEND) != 0;
    begin_bytes_ =
        static_cast<std::uint64_t>(appends ? status.st_size : ::lseek(file_.get(), 0, SEEK_CUR));
  }
  file_bytes_ = 0;
  blocks_ = header_;
}

std::size_t CaptureFiles::write_some(const std::byte* bytes, std::size_t count) {
  std::size_t written = 0;
  errno = 0;
  while (written < count) {
    const ssize_t result = ::write(file_.get(), bytes + written, count - written);
    if (result > 0) {
      written += static_cast<std::size_t>(result);
      continue;
    }
    if (result < 0 && errno == EINTR) continue;
    if (result == 0 || errno != EAGAIN) break;
    if (give_up_ && give_up_()) break;
    pollfd room{.fd = file_.get(), .events = POLLOUT, .revents = 0};
    ::poll(&room, 1, kPatienceMs);
    errno = EAGAIN;
  }
  file_bytes_ += written;
  written_bytes_ += written;
  return written;
}

void CaptureFiles::flush(const Ending& ending) {
  if (!failed() && !blocks_.empty()) {
    const std::size_t written = write_some(blocks_.data(), blocks_.size());
    if (written != blocks_.size()) fail(errno, written, ending);
  }
  blocks_.clear();
}

void CaptureFiles::fail(int system_errno, std::size_t written, const Ending& ending) {
  failure_ = describe_errno(system_errno);
  if (!is_regular_) {
    packets_unwritten_ = cut_blocks(blocks_, written).packets_lost;
    return;
  }
  // The last blocks make room for the file's ending: what has been written once can be again.
  const std::size_t ending_bytes = ending ? ending().size() : 0;
  const PcapngCut cut = cut_blocks(blocks_, written - std::min(written, ending_bytes));
  packets_unwritten_ = cut.packets_lost;
  const PcapngBytes last = ending ? ending() : PcapngBytes{};
  const std::uint64_t before = file_bytes_ - written;
  written_bytes_ -= written - cut.kept_bytes;
  const std::uint64_t whole = before + cut.kept_bytes;
  shorten_to(whole);
  if (write_some(last.data(), last.size()) != last.size()) shorten_to(whole);
}

void CaptureFiles::shorten_to(std::uint64_t file_bytes) noexcept {
  const auto end = static_cast<off_t>(begin_bytes_ + file_bytes);
  [[maybe_unused]] const int done = ::ftruncate(file_.get(), end);
  ::lseek(file_.get(), end, SEEK_SET);
  file_bytes_ = file_bytes;
}

void CaptureFiles::rotate(const Ending& ending) {
  end(ending);
  if (failed()) return;
  try {
    open_next();
    begin_file();
  } catch (const Error& error) {
    failure_ = error.what();
  }
}

void CaptureFiles::end(const Ending& ending) {
  flush(ending);
  if (failed()) return;
  blocks_ = ending();
  flush({});
  file_.reset();
}

}  // namespace tunrelay
