// SPDX-License-Identifier: MIT
#include "tunnel/private_command.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "os/signal_block.hpp"

namespace tunrelay {
namespace {

// What goes over the line: strings, each with its NUL; the first says what the others are.
constexpr std::string_view kReady = "ready";              // the init has a /proc of its own
constexpr std::string_view kNoProc = "no /proc";          // an errno; the init ends
constexpr std::string_view kEnvironment = "environment";  // variables: start the command
constexpr std::string_view kStarted = "started";
constexpr std::string_view kFailed = "failed";   // an Error's parts
constexpr std::string_view kNotRun = "not run";  // those of a CommandNotRun

using Message = std::vector<std::string>;

void send_message(int line, const Message& message) noexcept {
  std::string bytes;
  for (const std::string& text : message) bytes.append(text).push_back('\0');
  [[maybe_unused]] const ssize_t sent = ::send(line, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

/// Waits. Nothing but one empty string when the other end is gone.
Message receive_message(int line) {
  constexpr std::size_t kMaxBytes = 65'536;
  std::string bytes(kMaxBytes, '\0');
  ssize_t count = 0;
  do count = ::recv(line, bytes.data(), bytes.size(), 0);
  while (count < 0 && errno == EINTR);
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  Message message;
  for (std::size_t from = 0; from < bytes.size(); from += message.back().size() + 1)
    message.emplace_back(bytes.c_str() + from);
  if (message.empty()) message.emplace_back();
  return message;
}

Message failure_message(std::string_view kind, const Error& error) {
  const Error::Parts& parts = error.parts();
  return {std::string(kind),
          parts.attempt,
          parts.object,
          parts.cause,
          parts.hint,
          std::to_string(parts.system_errno),
          std::to_string(static_cast<int>(parts.exit_code))};
}

Error::Parts parts_in(const Message& message) {
  return {.attempt = message.at(1),
          .object = message.at(2),
          .cause = message.at(3),
          .hint = message.at(4),
          .system_errno = std::stoi(message.at(5)),
          .exit_code = static_cast<ExitCode>(std::stoi(message.at(6)))};
}

/// Passes on what the tunnel sends, and reaps children of process 1, until the command ends.
int attend(const ChildProcess& command) noexcept {
  sigset_t all;
  ::sigfillset(&all);
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&all, &info);
    if (signal == SIGCHLD) {
      int status = 0;
      for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
        if (ended == command.pid()) return exit_code_of(status);
      continue;
    }
    // A sender outside of the PID namespace has no number in it: that is the tunnel. What a
    // terminal sends has reached the command itself.
    if (signal > 0 && info.si_code <= 0 && info.si_pid == 0) command.send_signal(signal);
  }
}

[[noreturn]] void be_init(int line, const std::vector<std::string>& arguments,
                          const SignalWatch& watch, int standard_output) {
  int exit_code = 127;
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "tunrelay-init");
    block_signals();
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
      send_message(line, {std::string(kNoProc), std::to_string(errno)});
      ::_exit(exit_code);
    }
    send_message(line, {std::string(kReady)});
    Message message = receive_message(line);
    // Otherwise the tunnel has ended before it was ready.
    if (message.front() == kEnvironment) {
      message.erase(message.begin());
      const ChildProcess command(arguments, message, watch, standard_output);
      send_message(line, {std::string(kStarted)});
      // Whoever reads the command's output, or waits for the tunnel's descriptors, sees their end.
      ::close_range(0, ~0U, 0);
      ::_exit(attend(command));
    }
  } catch (const CommandNotRun& error) {
    send_message(line, failure_message(kNotRun, error));
  } catch (const Error& error) {
    send_message(line, failure_message(kFailed, error));
  } catch (const std::exception&) {
    // Out of memory: the tunnel sees that we are gone.
  }
  ::_exit(exit_code);
}

/// As fork(2), into new namespaces.
pid_t fork_into(std::uint64_t namespaces) noexcept {
  clone_args arguments{};
  arguments.flags = namespaces;
  arguments.exit_signal = SIGCHLD;
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

std::string shortfall_text(const char* attempt, int system_errno) {
  return std::string("The command has no PID namespace of its own: can't ") + attempt + ": " +
         describe_errno(system_errno) +
         ". Should tunrelay be killed, what has left this network namespace by then lives on.";
}

}  // namespace

PrivateCommand::PrivateCommand(std::vector<std::string> arguments, const SignalWatch& watch,
                               int standard_output)
    : arguments_(std::move(arguments)),
      watch_(watch),
      standard_output_(standard_output),
      has_terminal_(::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
  std::array<int, 2> ends{};
  check_system_call(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "make",
                    "a socket pair to the init");
  line_ = FileDescriptor(ends[0]);
  fork_init(FileDescriptor(ends[1]));
}

PrivateCommand::~PrivateCommand() {
  if (init_pid_ <= 0) return;
  ::kill(init_pid_, SIGKILL);
  wait_for_init();
}

void PrivateCommand::fork_init(FileDescriptor peer) {
  init_pid_ = fork_into(CLONE_NEWPID | CLONE_NEWNS);
  if (init_pid_ == 0) {
    line_.reset();
    be_init(peer.get(), arguments_, watch_, standard_output_);
  }
  if (init_pid_ < 0) {
    shortfall_ = shortfall_text("make one", errno);
    return;
  }
  peer.reset();
  const Message message = receive_message(line_.get());
  if (message.front() == kReady) {
    init_ =
        FileDescriptor(check_system_call(static_cast<int>(::syscall(SYS_pidfd_open, init_pid_, 0)),
                                         "watch", "the init of the command"));
    return;
  }
  wait_for_init();
  exit_code_ = -1;
  shortfall_ = shortfall_text("mount a /proc that shows it",
                              message.front() == kNoProc ? std::stoi(message.at(1)) : ECHILD);
}

void PrivateCommand::run(const std::vector<std::string>& environment) {
  if (!init_.is_open()) {
    child_.emplace(arguments_, environment, watch_, standard_output_);
    return;
  }
  Message message{std::string(kEnvironment)};
  message.insert(message.end(), environment.begin(), environment.end());
  send_message(line_.get(), message);
  const Message answer = receive_message(line_.get());
  if (answer.front() == kNotRun) throw CommandNotRun(parts_in(answer));
  if (answer.front() == kFailed) throw Error(parts_in(answer));
  if (answer.front() != kStarted) throw_system_error(ECHILD, "run", arguments_.front());
}

int PrivateCommand::fd() const noexcept {
  return child_ ? child_->fd() : init_.get();
}

void PrivateCommand::send_signal(int signal) const noexcept {
  if (child_)
    child_->send_signal(signal);
  else if (init_pid_ > 0)
    ::kill(init_pid_, signal);
}

int PrivateCommand::wait() noexcept {
  return child_ ? child_->wait() : wait_for_init();
}

int PrivateCommand::wait_for_init() noexcept {
  int status = 0;
  while (init_pid_ > 0) {
    if (::waitpid(init_pid_, &status, 0) < 0 && errno == EINTR) continue;
    exit_code_ = exit_code_of(status);
    init_pid_ = -1;
    take_terminal_back();
  }
  return exit_code_;
}

void PrivateCommand::take_terminal_back() const noexcept {
  // A shell with job control gives the terminal back to whom it had it from, but can't name a
  // process group outside of its PID namespace.
  if (!has_terminal_) return;
  const SignalBlock block;  // SIGTTOU, which would stop us
  ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
}

}  // namespace tunrelay
