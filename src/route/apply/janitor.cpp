// SPDX-License-Identifier: MIT
#include "route/apply/janitor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/error.hpp"
#include "os/netns.hpp"
#include "os/process.hpp"
#include "os/signal_block.hpp"
#include "route/apply/cleanup.hpp"
#include "route/apply/janitor_arguments.hpp"

namespace tunrelay {
namespace {

// Where the janitor keeps its two descriptors, behind the standard ones.
constexpr int kPidfd = 3;
constexpr int kBell = 4;

int open_pidfd(pid_t pid) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

enum class Outcome { kDone, kDied };

/// Waits for a byte (done), or for the process behind the pidfd. Without a pidfd (before Linux
/// 5.3) the bell's end stands for its death.
Outcome wait_for_end(bool has_pidfd) {
  // poll() passes over negative descriptors.
  std::array<pollfd, 2> waits{{{.fd = has_pidfd ? kPidfd : -1, .events = POLLIN, .revents = 0},
                               {.fd = kBell, .events = POLLIN, .revents = 0}}};
  for (;;) {
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[1].revents != 0) {
      char byte = 0;
      if (::read(kBell, &byte, 1) == 1) return Outcome::kDone;
      if (!has_pidfd) return Outcome::kDied;
      waits[1].fd = -1;  // left to wait for the process itself
    }
    if (waits[0].revents != 0) return Outcome::kDied;
  }
}

/// The namespaces that go with the tunnel.
class PrivateNamespaces {
 public:
  explicit PrivateNamespaces(const ProcessNamespaces& left) : left_(left) {}

  /// Kills are for a namespace that nobody else lives in.
  [[nodiscard]] bool is_private() const {
    return own_.network != left_.network && netns_inode_of(1) != own_.network;
  }
  /// One round; whether somebody was there.
  [[nodiscard]] bool kill_others() const {
    bool found = false;
    for (const pid_t pid : all_processes()) {
      if (pid == ::getpid() || !contains(pid)) continue;
      const FileDescriptor process(open_pidfd(pid));
      // Looked at again: behind the pidfd it is one process for good, and it must be the right one.
      if (!process.is_open() || !contains(pid)) continue;
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
      found = true;
    }
    return found;
  }

 private:
  [[nodiscard]] bool contains(pid_t pid) const {
    const auto network = netns_inode_of(pid);
    if (!network) return false;  // not ours, or a zombie, which has a user namespace still
    return *network == own_.network ||
           (own_.user != left_.user && lives_in_user_namespace(pid, own_.user));
  }

  ProcessNamespaces left_;
  ProcessNamespaces own_ = own_namespaces();
};

void complain(const std::string& text) {
  std::fprintf(stderr, "tunrelay-janitor: %s\n", text.c_str());
}

void empty(const PrivateNamespaces& namespaces) {
  if (!namespaces.is_private())
    return complain("this network namespace is not private, so nobody is killed");
  constexpr int kRounds = 400;
  constexpr useconds_t kIntervalUs = 5'000;
  for (int round = 0; round < kRounds && namespaces.kill_others(); ++round) ::usleep(kIntervalUs);
}

void restore(const JanitorDuty& duty) {
  CleanupOptions options;
  options.persistent_too = true;
  options.instance = duty.instance;
  const CleanupReport report = clean_up_leftovers(duty.journal_directory, options);
  for (const UndoFailure& failure : report.failures) complain(failure.to_string());
  for (const JournalLeft& journal : report.unreadable) complain(journal.reason);
}

/// Away from the terminal, deaf to what ends the tunnel, and holding nothing of it open.
void detach(int pidfd, int bell) {
  ::setsid();
  ::prctl(PR_SET_NAME, "tunrelay-janitor");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  [[maybe_unused]] const int moved = ::chdir("/");
  // Through higher numbers, so that neither of the two is overwritten before it is moved.
  constexpr int kHigh = 10;
  const int high_pidfd = pidfd < 0 ? -1 : ::fcntl(pidfd, F_DUPFD, kHigh);
  const int high_bell = ::fcntl(bell, F_DUPFD, kHigh);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);  // who reads the tunnel's output shall see its end
  if (high_pidfd >= 0)
    ::dup2(high_pidfd, kPidfd);
  else
    ::close(kPidfd);
  ::dup2(high_bell, kBell);
  ::close_range(kBell + 1, ~0U, 0);
}

/// Nothing else is removed, should something else stand there by now.
void remove_socket(const std::string& path) {
  struct stat status {};
  if (!path.empty() && ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode))
    ::unlink(path.c_str());
}

[[noreturn]] void be_janitor(const JanitorDuty& duty, int pidfd, int bell) {
  int exit_code = 0;
  try {
    detach(pidfd, bell);
    if (wait_for_end(pidfd >= 0) == Outcome::kDied) {
      if (!duty.journal_directory.empty()) restore(duty);
      if (duty.left_namespaces) empty(PrivateNamespaces(*duty.left_namespaces));
      remove_socket(duty.socket_path);
    }
  } catch (const std::exception& error) {
    complain(error.what());
    exit_code = 1;
  }
  ::_exit(exit_code);
}

class SpawnActions {
 public:
  SpawnActions() noexcept { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  [[nodiscard]] posix_spawn_file_actions_t* get() noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Janitor::Janitor(const JanitorDuty& duty) : duty_(duty) {
  const FileDescriptor listener = make_bell();
  // Opened before the fork: the child could do it too late, for the next process of that number.
  const FileDescriptor self(open_pidfd(::getpid()));
  // Held back until the child is deaf to it, a signal to both can't end the janitor at its birth.
  const SignalBlock block;
  pid_ = check_system_call(::fork(), "start", "the janitor");
  if (pid_ != 0) return;
  bell_.reset();
  be_janitor(duty_, self.get(), listener.get());
}

Janitor::~Janitor() = default;

FileDescriptor Janitor::make_bell() {
  std::array<int, 2> ends{};
  check_system_call(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "make",
                    "a socket pair to the janitor");
  bell_ = FileDescriptor(ends[1]);
  return FileDescriptor(ends[0]);
}

void Janitor::dismiss() noexcept {
  if (pid_ <= 0) return;
  const char byte = 0;
  // A janitor that was killed does not read, which is not a reason to die.
  [[maybe_unused]] const ssize_t sent = ::send(bell_.get(), &byte, 1, MSG_NOSIGNAL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

bool Janitor::has_died() noexcept {
  char byte = 0;
  // It alone has the other end.
  if (pid_ > 0 && ::recv(bell_.get(), &byte, 1, MSG_DONTWAIT) == 0) {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
  }
  return pid_ <= 0;
}

void Janitor::start_again(const std::string& program) {
  // Numbers that the two places behind the standard descriptors can't be.
  constexpr int kHigh = 10;
  const FileDescriptor listener = make_bell();
  const FileDescriptor high_bell(::fcntl(listener.get(), F_DUPFD_CLOEXEC, kHigh));
  const FileDescriptor self(open_pidfd(::getpid()));
  const FileDescriptor high_pidfd(::fcntl(self.get(), F_DUPFD_CLOEXEC, kHigh));
  SpawnActions actions;
  if (high_pidfd.is_open())
    ::posix_spawn_file_actions_adddup2(actions.get(), high_pidfd.get(), kPidfd);
  ::posix_spawn_file_actions_adddup2(actions.get(), high_bell.get(), kBell);
  std::vector<std::string> arguments = janitor_arguments(duty_);
  arguments.insert(arguments.begin(), "tunrelay");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const SignalBlock block;  // as above
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), actions.get(), nullptr, pointers.data(), ::environ);
  if (error != 0) throw_system_error(error, "start", "another janitor");
  pid_ = pid;
}

void run_janitor(const std::vector<std::string>& arguments) {
  const auto duty = duty_in(arguments);
  struct stat bell {};
  if (!duty || ::fstat(kBell, &bell) != 0 || !S_ISSOCK(bell.st_mode)) return;
  be_janitor(*duty, ::fcntl(kPidfd, F_GETFD) < 0 ? -1 : kPidfd, kBell);
}

}  // namespace tunrelay
