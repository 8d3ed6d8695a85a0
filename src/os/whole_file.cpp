// SPDX-License-Identifier: MIT
#include "os/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <random>

#include "base/clock.hpp"
#include "os/file_descriptor.hpp"
#include "os/output_file.hpp"

namespace tunrelay {
namespace {

constexpr const char* kAttempt = "write";
constexpr const char* kMakeRoom = "make room on its file system, or choose another place";
// Somebody who named a pipe reads it, or soon will; a run that has ended does not wait for more.
constexpr std::int64_t kReaderPatienceNs = 10 * kNanosecondsPerSecond;
// Of a file that grows while other things go on.
constexpr std::int64_t kAppendPatienceNs = kNanosecondsPerSecond;

/// A new file beside the one to replace, which goes with this object unless it was renamed over
/// that.
class Draft {
 public:
  explicit Draft(const OutputPlace& place) : place_(place) {
    do {
      name_ = fmt::format(".{}.{:08x}", place.name(), std::random_device{}());
      file_ = FileDescriptor(::openat(place.folder(), name_.c_str(),
                                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                      kOwnerOnly));
    } while (!file_.is_open() && errno == EEXIST);
    if (!file_.is_open()) place.refuse(errno, OutputPlace::kOtherPlace);
  }
  ~Draft() {
    if (file_.is_open()) ::unlinkat(place_.folder(), name_.c_str(), 0);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void fill(std::string_view text) {
    const int error = write_all(file_.get(), text);
    if (error != 0) place_.refuse(error, kMakeRoom);
  }

  void put_into_place() {
    const struct stat& found = place_.found();
    if (found.st_mode != 0) {
      // Only root may give a file away; for others it is theirs already, or will be.
      [[maybe_unused]] const int kept = ::fchown(file_.get(), found.st_uid, found.st_gid);
    }
    const mode_t mode = found.st_mode != 0 ? found.st_mode & 07777U : mode_of_new_files();
    const int folder = place_.folder();
    if (::fchmod(file_.get(), mode) != 0) place_.refuse(errno);
    if (::fsync(file_.get()) != 0) place_.refuse(errno, kMakeRoom);
    if (::renameat(folder, name_.c_str(), folder, place_.name().c_str()) != 0) place_.refuse(errno);
    file_.reset();
    const FileDescriptor readable(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // The name, too, must outlive a power cut; a file system without that call has its own ways.
    if (readable.is_open()) ::fsync(readable.get());
  }

 private:
  /// A draft is for its owner alone; what it becomes is as readable as the user's other files.
  static mode_t mode_of_new_files() {
    // The kernel shows the mask; umask() itself can be read only by changing it for all threads.
    std::array<char, 4096> status{};
    const FileDescriptor file(::open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC));
    const ssize_t got = file.is_open() ? ::read(file.get(), status.data(), status.size()) : 0;
    const std::string_view text(status.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    constexpr std::string_view kKey = "\nUmask:\t";
    const std::size_t at = text.find(kKey);
    const unsigned long mask = at == std::string_view::npos
                                   ? 077
                                   : std::strtoul(text.data() + at + kKey.size(), nullptr, 8);
    return static_cast<mode_t>(kUsersChoice & ~mask);
  }

  const OutputPlace& place_;
  std::string name_;
  FileDescriptor file_;
};

void write_in_place(const OutputPlace& place, std::string_view text) {
  const bool is_pipe_by_name = S_ISFIFO(place.found().st_mode) && !place.is_open_already();
  const std::int64_t patience_ns = is_pipe_by_name ? kReaderPatienceNs : kNoLimit;
  const FileDescriptor file = place.open(O_WRONLY | O_APPEND, 0, patience_ns);
  const int error = write_all(file.get(), text, patience_ns);
  if (error != 0) place.refuse(error, error == ENOSPC ? kMakeRoom : "");
}

}  // namespace

void replace_file(const std::string& path, std::string_view text) {
  const OutputPlace place(path, kAttempt);
  if (place.is_in_place()) return write_in_place(place, text);
  Draft draft(place);
  draft.fill(text);
  draft.put_into_place();
}

bool keeps_last_text_alone(const std::string& path) {
  return !OutputPlace(path, kAttempt).is_in_place();
}

void check_replaceable(const std::string& path) {
  const OutputPlace place(path, kAttempt);
  if (S_ISDIR(place.found().st_mode)) place.refuse(EISDIR, "name a file in it");
  if (place.is_in_place()) {
    if (::access(path.c_str(), W_OK) != 0) place.refuse(errno, OutputPlace::kOtherPlace);
    return;
  }
  const Draft draft(place);
}

int write_all(int fd, std::string_view text, std::int64_t patience_ns) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      const int error = wait_until_ready(fd, POLLOUT, patience_ns);
      if (error != 0) return error;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int append_all(int fd, std::string_view text, bool to_disk) noexcept {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return errno;
  if (!S_ISREG(found.st_mode)) return write_all(fd, text, kAppendPatienceNs);
  int error = write_all(fd, text);
  if (error == 0 && to_disk && ::fsync(fd) != 0 && errno != EINVAL) error = errno;  // no disk below
  if (error == 0) return 0;
  [[maybe_unused]] const int cut = ::ftruncate(fd, found.st_size);
  return error;
}

}  // namespace tunrelay
