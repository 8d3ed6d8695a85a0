// SPDX-License-Identifier: MIT
#include "os/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

/// OURS, and what this process's environment has beside them.
std::vector<std::string> with_inherited(const std::vector<std::string>& ours) {
  std::vector<std::string> all = ours;
  for (char** inherited = ::environ; *inherited != nullptr; ++inherited) {
    const std::string_view variable = *inherited;
    const std::string_view name = variable.substr(0, variable.find('=') + 1);
    if (std::none_of(ours.begin(), ours.end(),
                     [&](const std::string& own) { return own.starts_with(name); }))
      all.emplace_back(variable);
  }
  return all;
}

/// As exec(3) wants them; they point into WORDS.
std::vector<char*> pointers_to(std::vector<std::string>& arguments) {
  std::vector<char*> pointers(arguments.size() + 1, nullptr);
  std::transform(arguments.begin(), arguments.end(), pointers.begin(),
                 [](std::string& argument) { return argument.data(); });
  return pointers;
}

/// The child's half: never returns. An errno goes through PIPE when the program can't be run.
[[noreturn]] void run_in_child(const std::vector<std::string>& command,
                               const std::vector<std::string>& environment,
                               const SignalWatch& watch, const CommandStreams& streams, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  watch.restore_mask_in_child();
  if (streams.standard_output != STDOUT_FILENO) ::dup2(streams.standard_output, STDOUT_FILENO);
  if (!streams.shares_terminal) {
    ::setsid();
    // Without descriptors to spare standard input is closed, which is as good.
    ::close(STDIN_FILENO);
    [[maybe_unused]] const int opened = ::open("/dev/null", O_RDONLY);
  }
  std::vector<std::string> variables = with_inherited(environment);
  std::vector<std::string> arguments = command;
  ::execvpe(arguments.front().c_str(), pointers_to(arguments).data(),
            pointers_to(variables).data());
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(pipe, &error, sizeof error);
  ::_exit(127);
}

[[noreturn]] void refuse_command(const std::string& name, int error) {
  std::string hint = "check its name and PATH";
  // A file that is there and yet is not found lacks what its first line or its header names.
  if (error == ENOENT && name.find('/') != std::string::npos && ::access(name.c_str(), F_OK) == 0)
    hint = "its interpreter is missing: see its first line, or `file " + name + "`";
  else if (error == EACCES)
    hint = "it has to be an executable file: see `ls -l`, chmod +x";
  throw CommandNotRun({.attempt = "run",
                       .object = name,
                       .cause = describe_errno(error),
                       .hint = hint,
                       .system_errno = error,
                       .exit_code = exit_code_for(error)});
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
                           const std::vector<std::string>& environment, const SignalWatch& watch,
                           const CommandStreams& streams)
    : leads_group_(!streams.shares_terminal) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::array<int, 2> ends{};
  check_system_call(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  pid_ = check_system_call(::fork(), "fork for", command.front());
  if (pid_ == 0) run_in_child(command, environment, watch, streams, write_end.get());
  write_end.reset();
  // exec closes the pipe; only a failed one writes.
  int error = 0;
  if (::read(read_end.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    wait();
    refuse_command(command.front(), error);
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
  if (exit_code_ < 0) ::kill(leads_group_ ? -pid_ : pid_, signal);
}

int ChildProcess::wait() noexcept {
  int status = 0;
  while (exit_code_ < 0) {
    if (::waitpid(pid_, &status, 0) < 0) {
      if (errno == EINTR) continue;
      exit_code_ = 127;
      break;
    }
    exit_code_ = exit_code_of(status);
  }
  return exit_code_;
}

int exit_code_of(int wait_status) noexcept {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void end_all_children() noexcept {
  // An orphan of a killed process comes to us a moment later, so it takes a few rounds.
  constexpr int kMaxRounds = 200;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 5 * kNanosecondsPerMillisecond};
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::vector<pid_t> children = children_of(::getpid());
    if (children.empty()) return;
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children)
      while (::waitpid(child, nullptr, WNOHANG) == 0) ::nanosleep(&kPause, nullptr);
  }
}

}  // namespace tunrelay
