// SPDX-License-Identifier: MIT
#include "os/attachment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/units.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {
namespace {

constexpr const char* kObject = "what goes with a request";
// Files that others could shorten or write to, or that are on a disk, have not all of them.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

[[noreturn]] void refuse(const std::string& answer) {
  throw_usage_error("take", kObject, answer, "use the `tunrelay` of this version");
}

}  // namespace

FileDescriptor make_attachment(std::string_view bytes) {
  constexpr const char* kAttempt = "send";
  FileDescriptor file(check_system_call(
      ::memfd_create("attachment", MFD_CLOEXEC | MFD_ALLOW_SEALING), kAttempt, kObject));
  const int error = write_all(file.get(), bytes);
  if (error != 0) throw_system_error(error, kAttempt, kObject);
  check_system_call(::fcntl(file.get(), F_ADD_SEALS, kSeals), kAttempt, kObject);
  return file;
}

std::string read_attachment(const FileDescriptor& attachment, std::size_t most_bytes) {
  if (!attachment.is_open()) refuse("no descriptor came with it, or several");
  const int seals = ::fcntl(attachment.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) refuse("it is not a sealed file of memory");
  struct stat status {};
  check_system_call(::fstat(attachment.get(), &status), "take", kObject);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > most_bytes) refuse("it has over " + format_bytes(most_bytes));
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t got =
        ::pread(attachment.get(), bytes.data() + at, size - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw_system_error(got < 0 ? errno : EIO, "take", kObject);
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace tunrelay
