#include "base/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/units.hpp"

namespace tunrelay {
namespace {

constexpr const char* kAttempt = "write";
constexpr const char* kMakeRoom = "make room on its file system, or choose another place";
constexpr const char* kOtherPlace = "choose a place that is there and may be written to";

/// Where PATH leads when it is a link to a file that exists, else PATH: the link stays.
std::string behind_links(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  return error ? path : target.string();
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// What stands at PATH; st_mode is 0 where nothing does.
struct stat what_is_at(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) found = {};
  return found;
}

/// A name for a descriptor that is open already, maybe on a file: others write to it too.
bool is_open_elsewhere(const std::string& path) {
  return path == "/dev/stdout" || path == "/dev/stderr" || path.starts_with("/dev/fd/") ||
         path.starts_with("/proc/");
}

bool is_to_be_written_in_place(const std::string& path, const struct stat& found) {
  return is_open_elsewhere(path) ||
         (found.st_mode != 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode));
}

/// A new file beside PATH, which goes with this object unless it was renamed over PATH.
class Draft {
 public:
  explicit Draft(const std::string& path)
      : path_(path),
        name_(fmt::format("{}/.{}.XXXXXX", folder_of(path),
                          std::filesystem::path(path).filename().string())),
        file_(::mkostemp(name_.data(), O_CLOEXEC)) {
    if (!file_.is_open()) throw_system_error(errno, kAttempt, path, kOtherPlace);
  }
  ~Draft() {
    if (file_.is_open()) ::unlink(name_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void fill(std::string_view text) {
    const int error = write_all(file_.get(), text);
    if (error != 0) throw_system_error(error, kAttempt, path_, kMakeRoom);
  }

  /// FOUND: what is to be replaced.
  void put_into_place(const struct stat& found) {
    if (found.st_mode != 0) {
      // Only root may give a file away; for others it is theirs already, or will be.
      [[maybe_unused]] const int kept = ::fchown(file_.get(), found.st_uid, found.st_gid);
    }
    const mode_t mode = found.st_mode != 0 ? found.st_mode & 07777U : mode_of_new_files();
    check_system_call(::fchmod(file_.get(), mode), kAttempt, path_);
    check_system_call(::fsync(file_.get()), kAttempt, path_, kMakeRoom);
    check_system_call(::rename(name_.c_str(), path_.c_str()), kAttempt, path_);
    file_.reset();
    const FileDescriptor folder(
        ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // The name, too, is to outlive a power cut; a file system without that call has its own ways.
    if (folder.is_open()) ::fsync(folder.get());
  }

 private:
  /// mkostemp() makes files for their owner alone; ours are as readable as the user's others.
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
    return static_cast<mode_t>(0666U & ~mask);
  }

  std::string path_;
  std::string name_;
  FileDescriptor file_;
};

void write_in_place(const std::string& path, std::string_view text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file.is_open()) throw_system_error(errno, kAttempt, path, kOtherPlace);
  const int error = write_all(file.get(), text);
  if (error != 0) throw_system_error(error, kAttempt, path, error == ENOSPC ? kMakeRoom : "");
}

}  // namespace

std::string read_whole_file(const std::string& path, const std::string& attempt,
                            std::size_t most_bytes) {
  const auto refuse = [&](const std::string& answer) { throw_usage_error(attempt, path, answer); };
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) refuse(describe_errno(errno));
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(describe_errno(errno));
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > most_bytes) refuse(fmt::format("it has over {}", format_bytes(most_bytes)));
  }
}

void replace_file(const std::string& path, std::string_view text) {
  const std::string target = behind_links(path);
  const struct stat found = what_is_at(target);
  if (is_to_be_written_in_place(path, found)) return write_in_place(path, text);
  Draft draft(target);
  draft.fill(text);
  draft.put_into_place(found);
}

bool keeps_last_text_alone(const std::string& path) {
  return !is_to_be_written_in_place(path, what_is_at(behind_links(path)));
}

void check_replaceable(const std::string& path) {
  const std::string target = behind_links(path);
  const struct stat found = what_is_at(target);
  if (S_ISDIR(found.st_mode)) throw_system_error(EISDIR, kAttempt, path, "name a file in it");
  if (is_to_be_written_in_place(path, found)) {
    if (::access(path.c_str(), W_OK) != 0) throw_system_error(errno, kAttempt, path, kOtherPlace);
    return;
  }
  const Draft draft(target);
}

int write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int append_all(int fd, std::string_view text, bool to_disk) noexcept {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return errno;
  int error = write_all(fd, text);
  if (error == 0 && to_disk && ::fsync(fd) != 0 && errno != EINVAL) error = errno;  // no disk below
  if (error == 0) return 0;
  [[maybe_unused]] const int cut = ::ftruncate(fd, found.st_size);
  return error;
}

}  // namespace tunrelay
