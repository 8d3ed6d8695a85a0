// SPDX-License-Identifier: MIT
// `tunrelay run --json` in the background, as the fault tests treat it: which prints its counters
// on request, killed alone or together with its janitor, and judged by what it leaves behind. Only
// for tests that name the program in their CMake target (integration tests do).
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/network_state.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay::test {

/// Within which all that a tunnel does after an event must be done, on a loaded machine too.
inline constexpr std::chrono::milliseconds kPatience{5'000};

namespace tunnel_process {

inline constexpr std::chrono::milliseconds kLookInterval{2};
inline constexpr std::chrono::milliseconds kReadyLimit{20'000};
inline constexpr std::chrono::milliseconds kAnswerLimit{10'000};

inline std::vector<std::string> events_of(const std::string& output, const std::string& event) {
  // An event is one line of JSON without blanks, so its name stands there literally.
  const std::string field = fmt::format("\"event\":\"{}\"", event);
  std::vector<std::string> events;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (!lines.eof() && line.find(field) != std::string::npos) events.push_back(line);
  return events;
}

inline std::vector<std::filesystem::path> journals() {
  std::vector<std::filesystem::path> paths;
  std::error_code ignored;  // the directory need not be there
  for (const auto& entry : std::filesystem::directory_iterator("/run/tunrelay", ignored))
    paths.push_back(entry.path());
  return paths;
}

inline std::string process_name(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

/// A zombie does not.
inline bool is_running(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string stat;
  std::getline(file, stat);
  const std::size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat.at(name_end + 2) != 'Z';
}

}  // namespace tunnel_process

/// The last line of OUTPUT that is the JSON event EVENT. Throws std::runtime_error when there
/// is none.
nlohmann::json last_event(const std::string& output, const std::string& event);

/// Whether CONDITION comes true within TIME_LIMIT; checked every two milliseconds.
bool eventually(std::chrono::milliseconds time_limit, const std::function<bool()>& condition);

/// Success when, within TIME_LIMIT, no change is left in a journal and the network state is
/// BEFORE again.
::testing::AssertionResult restored_within(std::chrono::milliseconds time_limit,
                                           const std::string& before);

/// Whole lines of all journals under /run/tunrelay.
std::size_t journal_lines();

/// Used by the thread that made it. The janitor outlives the object: that is what it is for.
class TunnelProcess {
 public:
  /// `tunrelay run --json FLAGS`, through LAUNCHER, a program that becomes another one
  /// ("taskset -c 0"). Waits for nothing. Throws std::system_error.
  explicit TunnelProcess(const std::string& flags = "", const std::string& launcher = "")
      : process_(split(launcher + " " + program() + " run --json " + flags)) {}

  /// True once the tunnel is ready; prints what it said otherwise.
  [[nodiscard]] bool wait_until_ready();
  /// What it has counted until now, after one more path check.
  nlohmann::json counters();
  /// Whether an event of that kind came whose text holds TEXT.
  [[nodiscard]] bool wait_for_event(const std::string& event, const std::string& text,
                                    std::chrono::milliseconds time_limit) const;
  /// The last event of that kind so far. Throws std::runtime_error when there is none.
  [[nodiscard]] nlohmann::json last_event(const std::string& event) const {
    return test::last_event(process_.standard_output(), event);
  }
  /// Events of that kind so far.
  [[nodiscard]] std::size_t count_events(const std::string& event) const;
  /// SIGNAL, and its end, which must come within ten seconds.
  ProcessResult stop(int signal = SIGINT);
  /// SIGKILL to the process alone; its janitor goes on.
  void kill();
  /// SIGKILL to the janitor and to the process: nobody is left who could restore anything.
  void kill_with_janitor();

  /// The number of the first janitor; empty before it was forked, and once it was killed.
  [[nodiscard]] std::optional<pid_t> janitor() const;
  /// The processes that run with it: itself, and its helper once there is one; or those that have
  /// followed them, where janitor() was called before.
  [[nodiscard]] std::vector<pid_t> janitors() const;
  /// SIGKILL to all of them, until none is left.
  void kill_janitors() const;
  [[nodiscard]] BackgroundProcess& process() noexcept { return process_; }

 private:
  BackgroundProcess process_;
  mutable std::optional<pid_t> session_;  ///< the janitor's, which is its first number
};

inline bool eventually(std::chrono::milliseconds time_limit,
                       const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  for (;;) {
    const bool last_look = std::chrono::steady_clock::now() >= deadline;
    if (condition()) return true;
    if (last_look) return false;
    std::this_thread::sleep_for(tunnel_process::kLookInterval);
  }
}

inline ::testing::AssertionResult restored_within(std::chrono::milliseconds time_limit,
                                                  const std::string& before) {
  std::string after;
  const auto is_restored = [&] {
    // A start that was killed before its first change may leave a journal that names none.
    if (journal_lines() > 1) return false;
    try {
      after = network_state();
    } catch (const std::exception&) {
      return false;  // something went while it was looked at: it is still moving
    }
    return after == before;
  };
  if (eventually(time_limit, is_restored)) return ::testing::AssertionSuccess();
  if (journal_lines() > 1)
    return ::testing::AssertionFailure() << "the journal still holds changes; "
                                         << same_network_state(before, network_state()).message();
  return same_network_state(before, after);
}

inline std::size_t journal_lines() {
  std::size_t count = 0;
  for (const auto& path : tunnel_process::journals()) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
      if (!file.eof()) ++count;
  }
  return count;
}

inline nlohmann::json last_event(const std::string& output, const std::string& event) {
  const auto events = tunnel_process::events_of(output, event);
  if (events.empty()) throw std::runtime_error("no event " + event + " in: " + output);
  return nlohmann::json::parse(events.back());
}

inline bool TunnelProcess::wait_until_ready() {
  const bool ready = eventually(tunnel_process::kReadyLimit, [this] {
    return count_events("ready") != 0 || !process_.is_running();
  });
  if (ready && count_events("ready") != 0) return true;
  std::cerr << "the tunnel did not get ready: " << process_.standard_output()
            << process_.standard_error() << '\n';
  return false;
}

inline nlohmann::json TunnelProcess::counters() {
  const std::size_t before = count_events("counters");
  process_.send_signal(SIGUSR1);
  eventually(tunnel_process::kAnswerLimit, [&] { return count_events("counters") > before; });
  if (count_events("counters") == before)
    throw std::runtime_error("no counters: " + process_.standard_error());
  return last_event("counters");
}

inline bool TunnelProcess::wait_for_event(const std::string& event, const std::string& text,
                                          std::chrono::milliseconds time_limit) const {
  return eventually(time_limit, [&] {
    for (const std::string& line : tunnel_process::events_of(process_.standard_output(), event))
      if (line.find(text) != std::string::npos) return true;
    return false;
  });
}

inline std::size_t TunnelProcess::count_events(const std::string& event) const {
  return tunnel_process::events_of(process_.standard_output(), event).size();
}

inline ProcessResult TunnelProcess::stop(int signal) {
  process_.send_signal(signal);
  return process_.wait(tunnel_process::kAnswerLimit);
}

inline void TunnelProcess::kill() {
  process_.send_signal(SIGKILL);
  process_.wait(tunnel_process::kAnswerLimit);
}

inline void TunnelProcess::kill_with_janitor() {
  // Stopped, so that it can't end in order meanwhile.
  process_.send_signal(SIGSTOP);
  kill_janitors();
  kill();
}

inline std::optional<pid_t> TunnelProcess::janitor() const {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", process_.pid()));
  for (pid_t child = 0; file >> child;)
    if (tunnel_process::process_name(child) == "tunrelay-janito")
      return session_ = child;  // 15 characters are kept
  return std::nullopt;
}

inline std::vector<pid_t> TunnelProcess::janitors() const {
  static_cast<void>(janitor());
  std::vector<pid_t> found;
  if (!session_) return found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && ::getsid(pid) == *session_ && tunnel_process::is_running(pid))
      found.push_back(pid);
  }
  return found;
}

inline void TunnelProcess::kill_janitors() const {
  // Whichever is killed first is followed by another where the other one has the time for that.
  eventually(kPatience, [this] {
    const std::vector<pid_t> all = janitors();
    for (const pid_t pid : all) ::kill(pid, SIGKILL);
    return all.empty();
  });
}

}  // namespace tunrelay::test
