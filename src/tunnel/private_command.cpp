// SPDX-License-Identifier: MIT
#include "tunnel/private_command.hpp"

#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "os/momentary.hpp"
#include "os/process.hpp"
#include "os/signal_block.hpp"

namespace tunrelay {
namespace {

// What goes over the line: strings, each with its NUL; the first says what the others are.
constexpr std::string_view kReady = "ready";              // the init has a /proc of its own
constexpr std::string_view kNoProc = "no /proc";          // an errno; the init ends
constexpr std::string_view kEnvironment = "environment";  // variables: start the command
constexpr std::string_view kStarted = "started";
constexpr std::string_view kSignal = "signal";   // its number: send it to the command
constexpr std::string_view kFailed = "failed";   // an Error's parts
constexpr std::string_view kNotRun = "not run";  // those of a CommandNotRun

using Message = std::vector<std::string>;

constexpr int kTunnelGone = 128 + SIGKILL;  // nobody reads it

/// 0 or an errno. The kernel may lack memory for a moment, and the other end waits for the message.
int send_message(int line, const Message& message) {
  std::string bytes;
  for (const std::string& text : message) bytes.append(text).push_back('\0');
  const ssize_t sent =
      call_patiently([&] { return ::send(line, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  return sent < 0 ? errno : 0;
}

/// Waits. Nothing but one empty string when the other end is gone, or the system has had no memory
/// for a second.
Message receive_message(int line) {
  constexpr std::size_t kMaxBytes = 65'536;
  std::string bytes(kMaxBytes, '\0');
  const ssize_t count = call_patiently([&] { return ::recv(line, bytes.data(), bytes.size(), 0); });
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

/// Reaps children of process 1. The command's exit code, if it was one of them.
std::optional<int> reap(const ChildProcess& command) noexcept {
  int status = 0;
  for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
    if (ended == command.pid()) return exit_code_of(status);
  return std::nullopt;
}

/// Passes on what the tunnel sends over LINE, and reaps, until the command or the tunnel ends. The
/// tunnel may be another user's by then, who may signal no process of root's, and whose end does
/// not kill one either (PR_SET_PDEATHSIG asks for the same right).
int attend(const ChildProcess& command, int line) {
  sigset_t all;
  ::sigfillset(&all);
  const FileDescriptor signals(
      check_system_call(::signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC), "wait for", "signals"));
  for (;;) {
    std::array<pollfd, 2> waits{{{.fd = signals.get(), .events = POLLIN, .revents = 0},
                                 {.fd = line, .events = POLLIN, .revents = 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    signalfd_siginfo info{};
    // A sender outside of the PID namespace has no number in it: that is the tunnel's user. What a
    // terminal sends has reached the command itself.
    while (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      if (info.ssi_signo != SIGCHLD && info.ssi_code <= 0 && info.ssi_pid == 0)
        command.send_signal(static_cast<int>(info.ssi_signo));
    if (const auto exit_code = reap(command)) return *exit_code;
    if (waits[1].revents == 0) continue;
    const Message message = receive_message(line);
    if (message.front() != kSignal) return kTunnelGone;
    command.send_signal(std::stoi(message.at(1)));
  }
}

[[noreturn]] void be_init(int line, const std::vector<std::string>& arguments,
                          const SignalWatch& watch, const CommandStreams& streams) {
  int exit_code = 127;
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "tunrelay-init");
    block_signals();
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
      static_cast<void>(send_message(line, {std::string(kNoProc), std::to_string(errno)}));
      ::_exit(exit_code);
    }
    if (send_message(line, {std::string(kReady)}) != 0) ::_exit(exit_code);
    Message message = receive_message(line);
    // Otherwise the tunnel has ended before it was ready.
    if (message.front() == kEnvironment) {
      message.erase(message.begin());
      const ChildProcess command(arguments, message, watch, streams);
      if (send_message(line, {std::string(kStarted)}) != 0) ::_exit(exit_code);
      // Whoever reads the command's output, or waits for the tunnel's descriptors, sees their end.
      const bool is_moved = ::dup2(line, 0) == 0;
      if (is_moved) ::close_range(1, ~0U, 0);
      ::_exit(attend(command, is_moved ? 0 : line));
    }
  } catch (const CommandNotRun& error) {
    static_cast<void>(send_message(line, failure_message(kNotRun, error)));
  } catch (const Error& error) {
    static_cast<void>(send_message(line, failure_message(kFailed, error)));
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
                               const CommandStreams& streams)
    : arguments_(std::move(arguments)),
      watch_(watch),
      streams_(streams),
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
  line_.reset();  // the end also where we may not do that
  wait_for_init();
}

void PrivateCommand::fork_init(FileDescriptor peer) {
  init_pid_ = fork_into(CLONE_NEWPID | CLONE_NEWNS);
  if (init_pid_ == 0) {
    line_.reset();
    be_init(peer.get(), arguments_, watch_, streams_);
  }
  if (init_pid_ < 0) {
    shortfall_ = shortfall_text("make one", errno);
    return;
  }
  peer.reset();
  const Message message = receive_message(line_.get());
  if (message.front() == kReady) {
    init_ = open_pidfd(init_pid_);
    check_system_call(init_.get(), "watch", "the init of the command");
    return;
  }
  ::kill(init_pid_, SIGKILL);  // should it be there, and wait for us
  wait_for_init();
  exit_code_ = -1;
  shortfall_ = shortfall_text("mount a /proc that shows it",
                              message.front() == kNoProc ? std::stoi(message.at(1)) : ECHILD);
}

void PrivateCommand::run(const std::vector<std::string>& environment) {
  if (!init_.is_open()) {
    child_.emplace(arguments_, environment, watch_, streams_);
    return;
  }
  Message message{std::string(kEnvironment)};
  message.insert(message.end(), environment.begin(), environment.end());
  if (const int error = send_message(line_.get(), message); error != 0)
    throw_system_error(error, "send the environment to", "the init of the command");
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
    static_cast<void>(send_message(line_.get(), {std::string(kSignal), std::to_string(signal)}));
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
