// SPDX-License-Identifier: MIT
// The path that is measured: `PROGRAM run --json` as a child, which prints its counters on SIGUSR1,
// on which it proves its path again.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "os/child_process.hpp"
#include "os/signal_watch.hpp"
#include "suite/test_path.hpp"
#include "suite/trial_control.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr std::int64_t kProgramReadyNs = 20 * kNanosecondsPerSecond;
constexpr std::int64_t kCountersLimitNs = 10 * kNanosecondsPerSecond;
constexpr std::int64_t kProgramEndNs = 10 * kNanosecondsPerSecond;

/// Run time of all threads of PID (Documentation/scheduler/sched-stats.rst: the first number).
std::int64_t cpu_ns_of(pid_t pid) {
  std::int64_t sum_ns = 0;
  std::error_code none;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", none)) {
    std::int64_t run_ns = 0;
    std::ifstream(task.path() / "schedstat") >> run_ns;
    sum_ns += run_ns;
  }
  return sum_ns;
}

/// The lines that a program writes, each a JSON object.
class EventReader {
 public:
  EventReader() {
    std::array<int, 2> ends{};
    check_system_call(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
    read_end_ = FileDescriptor(ends[0]);
    write_end_ = FileDescriptor(ends[1]);
  }

  [[nodiscard]] int write_end() const noexcept { return write_end_.get(); }
  /// Once the program has it: else the end of its output would never be seen.
  void close_write_end() noexcept { write_end_.reset(); }

  /// The next event of that name; others are passed over. Throws Error when it does not come.
  json wait_for(const std::string& name, std::int64_t limit_ns, const std::string& program,
                ChildProcess& child) {
    const std::int64_t end_ns = monotonic_ns() + limit_ns;
    while (true) {
      for (std::size_t line_end = 0; (line_end = text_.find('\n')) != std::string::npos;) {
        json event = json::parse(text_.substr(0, line_end), nullptr, false);
        text_.erase(0, line_end + 1);
        if (event.is_object() && event.value("event", "") == name) return event;
      }
      read_more(end_ns, name, program, child);
    }
  }

 private:
  void read_more(std::int64_t end_ns, const std::string& name, const std::string& program,
                 ChildProcess& child) {
    const auto fail = [&](const std::string& answer, ExitCode exit_code = ExitCode::kFailed) {
      throw Error({.attempt = "get the event '" + name + "' from",
                   .object = program,
                   .cause = answer,
                   .hint = "run it by hand: " + program + " run --json",
                   .exit_code = exit_code});
    };
    pollfd ready{.fd = read_end_.get(), .events = POLLIN, .revents = 0};
    const std::int64_t left_ms = (end_ns - monotonic_ns()) / kNanosecondsPerMillisecond;
    if (left_ms <= 0) fail("it does not come");
    if (::poll(&ready, 1, static_cast<int>(left_ms)) <= 0) return;
    std::array<char, 16384> chunk{};
    const ssize_t count = ::read(read_end_.get(), chunk.data(), chunk.size());
    if (count == 0) {
      child.send_signal(SIGKILL);  // in case that it only writes no more
      const int code = child.wait();
      // What is wrong with its flags or its host is wrong with ours; it has said what that is.
      const bool is_known = code == static_cast<int>(ExitCode::kUsage) ||
                            code == static_cast<int>(ExitCode::kUnsupported);
      fail(fmt::format("it has ended with exit code {}", code),
           is_known ? static_cast<ExitCode>(code) : ExitCode::kFailed);
    }
    if (count > 0) text_.append(chunk.data(), static_cast<std::size_t>(count));
  }

  FileDescriptor read_end_;
  FileDescriptor write_end_;
  std::string text_;
};

/// SOCKET: where it is to listen; empty: nowhere in particular.
std::vector<std::string> command_of(const TestPathSpec& spec, const std::string& socket) {
  std::vector<std::string> command{spec.program, "run", "--json"};
  if (!spec.congestion_control.empty())
    command.insert(command.end(), {"--congestion-control", spec.congestion_control});
  command.insert(command.end(), spec.record.begin(), spec.record.end());
  if (!socket.empty()) command.insert(command.end(), {"--control-socket", socket});
  command.insert(command.end(), spec.arguments.begin(), spec.arguments.end());
  return command;
}

IpAddress ipv4_of(const json& end) {
  for (const auto& text : end.at("addresses")) {
    const IpAddress address = IpPrefix::parse(text.get<std::string>()).address;
    if (address.is_ipv4()) return address;
  }
  throw_usage_error("measure", "the tunnel", "its ends have no IPv4 address", "give them one");
}

std::uint64_t dropped_packets(const json& report) {
  std::uint64_t sum = 0;
  for (const char* direction : {"a_to_b", "b_to_a"})
    for (const auto& tally : report.at(direction).at("dropped"))
      sum += tally.at("packets").get<std::uint64_t>();
  for (const char* end : {"a", "b"}) {
    sum += report.at(end).at("queue_dropped_packets").get<std::uint64_t>();
    sum += report.at(end).at("kernel_dropped_packets").get<std::uint64_t>();
  }
  return sum;
}

class TunnelTestPath final : public TestPath {
 public:
  explicit TunnelTestPath(const TestPathSpec& spec)
      : program_(spec.program),
        control_(spec.record.empty() && spec.scenario.empty()
                     ? nullptr
                     : std::make_unique<TrialControl>(spec)),
        signals_({SIGINT, SIGTERM, SIGHUP, SIGUSR1}),
        child_(command_of(spec, control_ ? control_->socket() : ""), {}, signals_,
               {.standard_output = events_.write_end()}) {
    events_.close_write_end();
    ready_ = events_.wait_for("ready", kProgramReadyNs, program_, child_);
    if (control_) control_->connect();
  }

  ~TunnelTestPath() override {
    child_.send_signal(SIGTERM);
    pollfd ended{.fd = child_.fd(), .events = POLLIN, .revents = 0};
    // It puts its network back; if it can't, its janitor does.
    if (::poll(&ended, 1, kProgramEndNs / kNanosecondsPerMillisecond) <= 0)
      child_.send_signal(SIGKILL);
    child_.wait();
  }
  TunnelTestPath(const TunnelTestPath&) = delete;
  TunnelTestPath& operator=(const TunnelTestPath&) = delete;

  [[nodiscard]] std::array<IpAddress, 2> addresses() const override {
    return {ipv4_of(ready_.at("a")), ipv4_of(ready_.at("b"))};
  }

  void begin_trial(const std::string& name) override {
    if (control_) control_->begin(name);
  }
  void end_trial(const std::string& name) override {
    if (control_) control_->end(name);
  }

  [[nodiscard]] TestPathCounts counts() override {
    child_.send_signal(SIGUSR1);
    const json report = events_.wait_for("counters", kCountersLimitNs, program_, child_);
    TestPathCounts counts;
    const json& path = report.at("path");
    counts.proven = path.at("proven").get<bool>();
    counts.finding = path.value("finding", "");
    constexpr std::array kNames{"a_to_b", "b_to_a"};
    for (std::size_t at = 0; at < kNames.size(); ++at) {
      const json& written = report.at(kNames[at]).at("written");
      written.at("bytes").get_to(counts.bytes[at]);
      written.at("segments").get_to(counts.segments[at]);
    }
    counts.dropped = dropped_packets(report);
    counts.cpu_ns = cpu_ns_of(child_.pid());
    return counts;
  }

  [[nodiscard]] json description() const override {
    json description{{"kind", "tunnel"}, {"program", program_}};
    for (const char* key : {"engine", "strategy", "queues", "mtu_bytes"})
      description[key] = ready_.at(key);
    description["offloads"] = ready_.at("a").at("offloads");
    description["worker_cpus"] = json::array();
    for (const json& worker : ready_.at("workers"))
      if (worker.at("pinned_cpu").is_number())
        description["worker_cpus"].push_back(worker.at("pinned_cpu"));
    return description;
  }

 private:
  std::string program_;
  std::unique_ptr<TrialControl> control_;  ///< null: nobody has to know of trials
  SignalWatch signals_;
  EventReader events_;
  ChildProcess child_;
  json ready_;
};

}  // namespace

std::unique_ptr<TestPath> make_tunnel_path(const TestPathSpec& spec) {
  return std::make_unique<TunnelTestPath>(spec);
}

}  // namespace tunrelay
