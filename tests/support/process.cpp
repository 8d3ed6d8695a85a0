// SPDX-License-Identifier: MIT
#include "support/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace tunrelay::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPollInterval{5};

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

FileDescriptor make_memory_file(const char* name) {
  return FileDescriptor(checked(::memfd_create(name, MFD_CLOEXEC), "memfd_create"));
}

std::string contents(const FileDescriptor& file) {
  struct stat status {};
  checked(::fstat(file.get(), &status), "fstat");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

std::optional<std::string> find_line(const std::string& text, std::string_view prefix) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    // A last line without its newline may still be growing.
    if (line.starts_with(prefix) && !lines.eof()) return line;
  return std::nullopt;
}

/// In the child, between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* arguments, int output, int error, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before the line above
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(error, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  const char* const answer = ::strerrordesc_np(errno);
  ::dprintf(STDERR_FILENO, "could not run %s: %s\n", arguments[0], answer);
  ::_exit(127);
}

}  // namespace

std::string ProcessResult::describe() const {
  std::string text = fmt::format("exit code {}", exit_code);
  if (signal != 0) text += fmt::format(", ended by SIG{}", ::sigabbrev_np(signal));
  if (timed_out) text += ", the time limit ran out";
  return fmt::format("{}\n--- standard output\n{}\n--- standard error\n{}", text, standard_output,
                     standard_error);
}

BackgroundProcess::BackgroundProcess(const Command& command)
    : output_(make_memory_file("standard output")), error_(make_memory_file("standard error")) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  // Whole sentences are looked for: lines for people stay whole, unless a test wants them broken.
  ::setenv("COLUMNS", "0", 0);  // NOLINT(concurrency-mt-unsafe): nobody reads it meanwhile
  const pid_t parent = ::getpid();
  pid_ = checked(::fork(), "fork");
  if (pid_ == 0) become(arguments.data(), output_.get(), error_.get(), parent);
  ::setpgid(pid_, pid_);  // in the child too: whoever comes first
  // By number: <sys/pidfd.h> of glibc 2.36 forgets that C++ includes it, too.
  const auto process = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  process_ = FileDescriptor(checked(process, "pidfd_open"));
}

BackgroundProcess::~BackgroundProcess() {
  // The group may outlive its leader; the leader's number stays taken until it is waited for,
  // so this never hits an unrelated process.
  if (result_) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool BackgroundProcess::is_running() {
  return !result_ && !wait_for_end({});
}

std::string BackgroundProcess::standard_output() const {
  return contents(output_);
}
std::string BackgroundProcess::standard_error() const {
  return contents(error_);
}

std::optional<std::string> BackgroundProcess::wait_for_line(std::string_view prefix,
                                                            std::chrono::milliseconds time_limit) {
  const auto deadline = Clock::now() + time_limit;
  for (;;) {
    // Checked before the outputs are read, so that the last output of a process count.
    const bool last_look = !is_running() || Clock::now() >= deadline;
    if (auto line = find_line(standard_output(), prefix)) return line;
    if (auto line = find_line(standard_error(), prefix)) return line;
    if (last_look) return std::nullopt;
    std::this_thread::sleep_for(kPollInterval);
  }
}

void BackgroundProcess::send_signal(int signal) {
  if (!result_) checked(::kill(pid_, signal), "kill");
}

ProcessResult BackgroundProcess::wait(std::chrono::milliseconds time_limit) {
  if (!result_) {
    const bool timed_out = !wait_for_end(time_limit);
    if (timed_out) ::kill(-pid_, SIGKILL);
    reap();
    result_->timed_out = timed_out;
  }
  return *result_;
}

bool BackgroundProcess::wait_for_end(std::chrono::milliseconds time_limit) const {
  const auto deadline = Clock::now() + time_limit;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd wait{.fd = process_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, left.count() < 0 ? 0 : static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) checked(ready, "poll");
  }
}

void BackgroundProcess::reap() {
  // What the process left behind in its group ends here too.
  siginfo_t ended{};
  checked(::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT), "waitid");
  ::kill(-pid_, SIGKILL);
  int status = 0;
  checked(::waitpid(pid_, &status, 0), "waitpid");
  ProcessResult result;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.exit_code = result.signal != 0 ? 128 + result.signal : WEXITSTATUS(status);
  result.standard_output = standard_output();
  result.standard_error = standard_error();
  result_ = std::move(result);
}

ProcessResult run(const Command& command, std::chrono::milliseconds time_limit) {
  return BackgroundProcess(command).wait(time_limit);
}

ProcessResult run_shell(const std::string& script, std::chrono::milliseconds time_limit) {
  return run({"sh", "-euc", script}, time_limit);
}

std::string output_of(const Command& command, std::chrono::milliseconds time_limit) {
  const ProcessResult result = run(command, time_limit);
  if (!result.succeeded())
    throw std::runtime_error(fmt::format("{}: {}", fmt::join(command, " "), result.describe()));
  return result.standard_output;
}

Command split(std::string_view text) {
  std::istringstream stream{std::string(text)};
  Command command;
  for (std::string word; stream >> word;) command.push_back(word);
  return command;
}

}  // namespace tunrelay::test
