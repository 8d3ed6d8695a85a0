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

namespace tunrelay {
namespace {

constexpr int kPatienceMs = 50;

/// NAME.pcapng -> NAME_00001.pcapng.
std::string numbered(const std::string& file, std::size_t number) {
  std::filesystem::path path(file);
  const std::string name =
      fmt::format("{}_{:05}{}", path.stem().string(), number, path.extension().string());
  return path.replace_filename(name).string();
}

/// A pipe as a file of our own that does not make us wait, whatever others have set on it.
FileDescriptor reopened(const FileDescriptor& pipe) {
  const std::string path = fmt::format("/proc/self/fd/{}", pipe.get());
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

bool has_type(const FileDescriptor& file, mode_t type) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && (status.st_mode & S_IFMT) == type;
}

}  // namespace

CaptureFiles::CaptureFiles(Options options, PcapngBytes header)
    : options_(std::move(options)), header_(std::move(header)) {
  open_next();
  begin_file();
}

CaptureFiles::CaptureFiles(FileDescriptor pipe, std::string name, PcapngBytes header)
    : header_(std::move(header)), file_(std::move(pipe)), name_(std::move(name)), opened_(1) {
  begin_file();
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
  constexpr mode_t kMode = 0666;  // and the user's umask
  file_ = FileDescriptor(
      check_system_call(::open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode),
                        "write the capture", name_));
  kept_names_.push_back(name_);
  while (options_.files != 0 && kept_names_.size() > options_.files) {
    ::unlink(kept_names_.front().c_str());
    kept_names_.pop_front();
  }
}

void CaptureFiles::begin_file() {
  is_regular_ = has_type(file_, S_IFREG);
  if (has_type(file_, S_IFIFO))
    if (FileDescriptor own = reopened(file_); own.is_open()) file_ = std::move(own);
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
  file_bytes_ = before + cut.kept_bytes;
  const auto shorten = [this] {
    [[maybe_unused]] const int done = ::ftruncate(file_.get(), static_cast<off_t>(file_bytes_));
    ::lseek(file_.get(), static_cast<off_t>(file_bytes_), SEEK_SET);
  };
  shorten();
  const std::uint64_t whole = file_bytes_;
  if (write_some(last.data(), last.size()) != last.size()) {
    file_bytes_ = whole;
    shorten();
  }
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
