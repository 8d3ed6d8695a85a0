#include "cli/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

/// The child's half: never returns. An errno goes through PIPE when the program can't be run.
[[noreturn]] void run_in_child(const std::vector<std::string>& command,
                               const std::vector<std::string>& environment,
                               const SignalWatch& watch, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  watch.restore_mask_in_child();
  // The copies live until exec, as putenv(3) wants.
  std::vector<std::string> variables = environment;
  for (std::string& variable : variables) ::putenv(variable.data());
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(pipe, &error, sizeof error);
  ::_exit(127);
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string number = std::to_string(pid);
  std::ifstream file("/proc/" + number + "/task/" + number + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::vector<std::string>& environment, const SignalWatch& watch) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::array<int, 2> ends{};
  check_system_call(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  pid_ = check_system_call(::fork(), "fork for", command.front());
  if (pid_ == 0) run_in_child(command, environment, watch, write_end.get());
  write_end.reset();
  // exec closes the pipe; only a failed one writes.
  int error = 0;
  if (::read(read_end.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    wait();
    throw_system_error(error, "run", command.front(), "check its name and PATH");
  }
  process_ = FileDescriptor(check_system_call(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)),
                                              "watch", command.front()));
}

ChildProcess::~ChildProcess() {
  if (exit_code_ < 0) {
    send_signal(SIGKILL);
    wait();
  }
}

void ChildProcess::send_signal(int signal) const noexcept {
  if (exit_code_ < 0) ::kill(pid_, signal);
}

int ChildProcess::wait() noexcept {
  int status = 0;
  while (exit_code_ < 0) {
    if (::waitpid(pid_, &status, 0) < 0) {
      if (errno == EINTR) continue;
      exit_code_ = 127;
      break;
    }
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

void end_all_children() noexcept {
  // An orphan of a killed process comes to us a moment later, so it takes a few rounds.
  constexpr int kMostRounds = 200;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 5 * kNanosecondsPerMillisecond};
  for (int round = 0; round < kMostRounds; ++round) {
    const std::vector<pid_t> children = children_of(::getpid());
    if (children.empty()) return;
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children)
      while (::waitpid(child, nullptr, WNOHANG) == 0) ::nanosleep(&kPause, nullptr);
  }
}

}  // namespace tunrelay
