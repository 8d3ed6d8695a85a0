// `tunrelay run --json` in the background of a test, in the network namespace of the test:
//   RunningTunnel tunnel("--type tap --queues 2");
//   ... traffic ...
//   const nlohmann::json summary = tunnel.stop();
// Only for tests that name the program in their CMake target (integration tests do).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay::test {

/// Used by the thread that made it.
class RunningTunnel {
 public:
  static constexpr std::chrono::milliseconds kTimeLimit{20'000};

  /// FLAGS: those of `tunrelay run`, parted by blanks. Returns when the tunnel is ready;
  /// throws std::runtime_error with all that it said when it does not get there.
  explicit RunningTunnel(std::string_view flags) : process_(command(flags)) {
    ready_ = wait_for_event("ready", 1);
  }

  [[nodiscard]] const nlohmann::json& ready() const noexcept { return ready_; }
  [[nodiscard]] BackgroundProcess& process() noexcept { return process_; }
  [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }

  /// What it has done so far: the event that SIGUSR1 brings, which checks the path too.
  nlohmann::json counters() {
    const std::size_t before = events("counters").size();
    process_.send_signal(SIGUSR1);
    return wait_for_event("counters", before + 1);
  }

  /// Ends it, and returns the summary. Throws when the exit code is not 0.
  nlohmann::json stop(int signal = SIGINT) {
    process_.send_signal(signal);
    const ProcessResult result = process_.wait(kTimeLimit);
    if (!result.succeeded()) throw std::runtime_error("tunrelay run: " + result.describe());
    return wait_for_event("summary", 1);
  }

  /// The events of that name so far, oldest first.
  [[nodiscard]] std::vector<nlohmann::json> events(std::string_view name) const {
    std::vector<nlohmann::json> found;
    std::istringstream lines(process_.standard_output());
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with('{') || lines.eof()) continue;
      nlohmann::json event = nlohmann::json::parse(line);
      if (event.at("event") == name) found.push_back(std::move(event));
    }
    return found;
  }

 private:
  static Command command(std::string_view flags) {
    Command command{program(), "run", "--json"};
    for (std::string& word : words(flags)) command.push_back(std::move(word));
    return command;
  }

  nlohmann::json wait_for_event(std::string_view name, std::size_t count) {
    constexpr std::chrono::milliseconds kPause{5};
    const auto deadline = std::chrono::steady_clock::now() + kTimeLimit;
    for (;;) {
      // Asked before the output is read, so that the last words of a process count.
      const bool last_look = !process_.is_running() || std::chrono::steady_clock::now() > deadline;
      const std::vector<nlohmann::json> found = events(name);
      if (found.size() >= count) return found.at(count - 1);
      if (last_look) break;
      std::this_thread::sleep_for(kPause);
    }
    throw std::runtime_error("tunrelay run never said " + std::string(name) + ": " +
                             process_.standard_error());
  }

  BackgroundProcess process_;
  nlohmann::json ready_;
};

/// The packets of one tally of one direction: packets_of(summary, "a_to_b", "read").
inline std::uint64_t packets_of(const nlohmann::json& report, const char* direction,
                                const char* tally) {
  return report.at(direction).at(tally).at("packets").get<std::uint64_t>();
}
inline std::uint64_t bytes_read(const nlohmann::json& report, const char* direction) {
  return report.at(direction).at("read").at("bytes").get<std::uint64_t>();
}

/// Whether read == written + held + dropped holds in packets, segments and bytes, each way.
inline bool is_balanced(const nlohmann::json& report) {
  for (const char* direction : {"a_to_b", "b_to_a"})
    for (const char* unit : {"packets", "segments", "bytes"}) {
      const nlohmann::json& lane = report.at(direction);
      auto sum = lane.at("written").at(unit).get<std::uint64_t>() +
                 lane.at("held").at(unit).get<std::uint64_t>();
      for (const auto& [reason, tally] : lane.at("dropped").items())
        sum += tally.at(unit).get<std::uint64_t>();
      if (lane.at("read").at(unit).get<std::uint64_t>() != sum) return false;
    }
  return true;
}

}  // namespace tunrelay::test
