// SPDX-License-Identifier: MIT
#include "os/held_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/error.hpp"
#include "os/interruptible.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

constexpr std::array<int, 2> kHeld{STDOUT_FILENO, STDERR_FILENO};

/// In TMPDIR, where there is room for what a command prints; in memory where that can't be.
FileDescriptor make_unnamed_file() {
  const char* folder = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): one thread
  FileDescriptor file(::open(folder == nullptr || *folder == '\0' ? "/tmp" : folder,
                             O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.is_open()) return file;
  file = FileDescriptor(check_system_call(::memfd_create("tunrelay-output", MFD_CLOEXEC), "make",
                                          "a file for what is printed"));
  // Whoever writes does so at the end, as others do.
  check_system_call(::fcntl(file.get(), F_SETFL, O_APPEND), "append to",
                    "a file for what is printed");
  return file;
}

}  // namespace

HeldOutput::HeldOutput() : file_(make_unnamed_file()) {
  std::fflush(stdout);
  std::fflush(stderr);
  for (std::size_t at = 0; at < kHeld.size(); ++at) {
    if (::isatty(kHeld.at(at)) != 1) continue;
    constexpr int kBehindStandard = 3;
    former_.at(at) =
        FileDescriptor(check_system_call(::fcntl(kHeld.at(at), F_DUPFD_CLOEXEC, kBehindStandard),
                                         "keep", at == 0 ? "standard output" : "standard error"));
  }
  for (std::size_t at = 0; at < kHeld.size(); ++at)
    if (former_.at(at).is_open()) ::dup2(file_.get(), kHeld.at(at));
}

HeldOutput::~HeldOutput() {
  give_back();
  print(kLastWordsPatienceNs);
}

std::string HeldOutput::tail(std::size_t bytes) const {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return "";
  const auto size = static_cast<std::uint64_t>(status.st_size);
  return read(size - std::min<std::uint64_t>(size, bytes), bytes);
}

std::string HeldOutput::read(std::uint64_t at, std::size_t bytes) const {
  std::string text(bytes, '\0');
  const ssize_t count = ::pread(file_.get(), text.data(), bytes, static_cast<off_t>(at));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

void HeldOutput::give_back() noexcept {
  if (is_given_back_) return;
  is_given_back_ = true;
  std::fflush(stdout);
  std::fflush(stderr);
  for (std::size_t at = 0; at < kHeld.size(); ++at)
    if (former_.at(at).is_open()) ::dup2(former_.at(at).get(), kHeld.at(at));
}

void HeldOutput::print(std::int64_t patience_ns) noexcept try {
  const int terminal = former_[0].is_open() ? former_[0].get() : former_[1].get();
  const std::size_t part_bytes = bytes_without_wait(terminal);
  for (;;) {
    const std::string part = read(printed_bytes_, part_bytes);
    if (part.empty() || wait_until_ready(terminal, POLLOUT, patience_ns) != 0) return;
    const ssize_t count = ::write(terminal, part.data(), part.size());
    if (count <= 0) return;
    printed_bytes_ += static_cast<std::uint64_t>(count);
  }
} catch (const std::bad_alloc&) {
  // It is held on.
}

}  // namespace tunrelay
