// SPDX-License-Identifier: MIT
#include "sandbox/violation.hpp"

#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

// The tables of the architectures that we know end well below.
constexpr int kMaxCalls = 512;
constexpr std::size_t kMaxName = 28;
// SYS_SECCOMP of include/uapi/asm-generic/siginfo.h: of a filter.
constexpr int kSeccomp = 1;

/// What they are called: made beforehand, since a handler may not allocate.
using CallNames = std::array<std::array<char, kMaxName>, kMaxCalls>;

CallNames read_names() {
  CallNames names{};
  for (int number = 0; number < kMaxCalls; ++number) {
    char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    if (name == nullptr) continue;
    auto& kept = names.at(static_cast<std::size_t>(number));
    std::strncpy(kept.data(), name, kept.size() - 1);
    std::free(name);
  }
  return names;
}

// For the handler; set before it is installed.
CallNames call_names{};

/// A line of fixed size, made without what may not be called in a handler.
class LastMessage {
 public:
  void add(std::string_view text) noexcept {
    const std::size_t count = std::min(text.size(), bytes_.size() - used_);
    std::copy_n(text.begin(), count, bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += count;
  }
  void add(int number) noexcept {
    std::array<char, 12> digits{};
    std::size_t at = digits.size();
    do digits.at(--at) = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    add(std::string_view(digits.data() + at, digits.size() - at));
  }
  /// A reader that has stopped reading is not waited for.
  void print() const noexcept {
    constexpr timespec kPatience{.tv_sec = 0, .tv_nsec = 100 * kNanosecondsPerMillisecond};
    pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::ppoll(&room, 1, &kPatience, nullptr) <= 0) return;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, bytes_.data(), used_);
  }

 private:
  std::array<char, 256> bytes_{};
  std::size_t used_ = 0;
};

void on_violation(int signal, siginfo_t* info, void* /*context*/) noexcept {
  // Others may send the signal, too.
  if (info->si_code == kSeccomp) {
    LastMessage message;
    message.add("tunrelay: a thread made the system call ");
    const int number = info->si_syscall;
    const bool is_known = number >= 0 && number < kMaxCalls;
    if (is_known) message.add(call_names[static_cast<std::size_t>(number)].data());
    message.add(" (");
    message.add(std::max(number, 0));
    message.add("), which its sandbox does not allow, and is ended. --sandbox off allows it\n");
    message.print();
  }
  // The handler was good for once: now the signal ends the process.
  ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
}

bool install_handler() {
  struct sigaction present {};
  ::sigaction(SIGSYS, nullptr, &present);
  if (present.sa_handler != SIG_DFL) return false;
  call_names = read_names();
  struct sigaction ours {};
  ours.sa_sigaction = &on_violation;
  ours.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND | SA_NODEFER);
  return ::sigaction(SIGSYS, &ours, nullptr) == 0;
}

}  // namespace

bool report_violations() {
  static const bool kIsInstalled = install_handler();
  return kIsInstalled;
}

}  // namespace tunrelay
