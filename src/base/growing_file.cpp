#include "base/growing_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_descriptor.hpp"
#include "base/whole_file.hpp"

namespace tunrelay {

GrowingFile::GrowingFile(std::string path)
    : path_(std::move(path)), is_kept_(keeps_last_text_alone(path_)) {}

void GrowingFile::add_or_tell(std::string_view text,
                              const std::function<void(const Error&)>& tell) {
  text_ += text;
  if (!is_kept_) return;
  try {
    catch_up();
    last_failed_ = false;
  } catch (const Error& error) {
    if (!last_failed_) tell(error);
    last_failed_ = true;
  }
}

void GrowingFile::catch_up() {
  if (written_bytes_ == 0) {
    replace_file(path_, text_);
  } else {
    constexpr const char* kAttempt = "add to";
    const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    check_system_call(file.get(), kAttempt, path_);
    struct stat found {};
    check_system_call(::fstat(file.get(), &found), kAttempt, path_);
    const int error = write_all(file.get(), std::string_view(text_).substr(written_bytes_));
    if (error != 0) {
      // What comes later shall not be joined to a piece of this.
      [[maybe_unused]] const int cut = ::ftruncate(file.get(), found.st_size);
      throw_system_error(error, kAttempt, path_, "make room on its file system");
    }
  }
  written_bytes_ = text_.size();
}

}  // namespace tunrelay
