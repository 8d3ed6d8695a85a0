// SPDX-License-Identifier: MIT
#include "suite/test_path_site.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "gen/load_json.hpp"
#include "gen/trial.hpp"
#include "os/child_process.hpp"
#include "os/json_lines.hpp"
#include "os/signal_watch.hpp"
#include "tunnel/private_network.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr std::int64_t kForeverNs = 365 * 86'400 * kNanosecondsPerSecond;

/// What the path did between two readings.
json difference(const TestPathCounts& before, const TestPathCounts& after) {
  std::uint64_t segments = 0;
  for (std::size_t at = 0; at < after.segments.size(); ++at)
    segments += after.segments[at] - before.segments[at];
  return {{"cpu_ns", after.cpu_ns - before.cpu_ns},
          {"segments", segments},
          {"dropped", after.dropped - before.dropped}};
}

/// Why it is not proven that PAYLOAD_BYTES crossed, in each direction; empty: it is.
std::string doubt(const TestPathCounts& before, const TestPathCounts& after,
                  const std::array<std::uint64_t, 2>& payload_bytes) {
  for (const TestPathCounts* counts : {&before, &after})
    if (!counts->proven)
      return fmt::format("the path was not proven {} it: {}",
                         counts == &before ? "before" : "after", counts->finding);
  for (std::size_t at = 0; at < payload_bytes.size(); ++at)
    if (after.bytes[at] - before.bytes[at] < payload_bytes[at])
      return fmt::format("{} bytes arrived, but only {} crossed the path", payload_bytes[at],
                         after.bytes[at] - before.bytes[at]);
  return "";
}

/// What a program wrote to its standard output, to its end or the limit.
std::string read_all(int fd, std::int64_t end_ns) {
  std::string text;
  std::array<char, 65536> chunk{};
  while (monotonic_ns() < end_ns) {
    constexpr int kLookMs = 200;
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kLookMs) <= 0) continue;
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count <= 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

class TestPathSite {
 public:
  TestPathSite(const TestPathSpec& spec, JsonLines& lines)
      : signals_({SIGINT, SIGTERM, SIGHUP}), path_(make_path(spec)), lines_(lines) {
    lines_.send({{"ready", path_->description()}});
  }

  void serve() {
    while (true) {
      char first = 0;
      if (::recv(lines_.socket().get(), &first, 1, MSG_PEEK) <= 0) return;
      const json request = lines_.receive(kForeverNs);
      lines_.send(request.at("method") == "trial" ? trial(request) : command(request));
    }
  }

 private:
  json trial(const json& request) {
    const LoadSpec spec = load_spec_from_json(request.at("spec"));
    const auto [a, b] = path_->addresses();
    const std::string name = request.at("name");
    const TestPathCounts before = path_->counts();
    path_->begin_trial(name);
    TrialReport report = run_trial(spec, a, b);
    path_->end_trial(name);
    const TestPathCounts after = path_->counts();
    if (report.invalid_reason.empty())
      report.invalid_reason =
          doubt(before, after,
                {report.directions[0].received.bytes, report.directions[1].received.bytes});
    json answer = difference(before, after);
    answer["trial"] = to_json(report);
    return answer;
  }

  /// WORDS with the path's addresses in the place of {a} and {b}.
  [[nodiscard]] std::vector<std::string> with_addresses(std::vector<std::string> arguments) const {
    const auto addresses = path_->addresses();
    for (std::string& argument : arguments) {
      if (argument == "{a}") argument = addresses[0].to_string();
      if (argument == "{b}") argument = addresses[1].to_string();
    }
    return arguments;
  }

  json command(const json& request) {
    const auto arguments = with_addresses(request.at("command").get<std::vector<std::string>>());
    const auto server_text = with_addresses(request.at("server").get<std::vector<std::string>>());
    const std::string name = request.at("name");
    const TestPathCounts before = path_->counts();
    path_->begin_trial(name);
    std::optional<ChildProcess> server;
    const FileDescriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!server_text.empty()) {
      server.emplace(server_text, std::vector<std::string>{}, signals_,
                     CommandStreams{.standard_output = nowhere.get()});
      // It has no way to say that it listens; the command may repeat its first try.
      constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 300 * kNanosecondsPerMillisecond};
      ::nanosleep(&kPause, nullptr);
    }
    std::array<int, 2> ends{};
    check_system_call(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
    const FileDescriptor read_end(ends[0]);
    FileDescriptor write_end(ends[1]);
    ChildProcess child(arguments, {}, signals_, {.standard_output = write_end.get()});
    write_end.reset();
    const auto limit_ns = request.at("limit_ns").get<std::int64_t>();
    const std::string output = read_all(read_end.get(), monotonic_ns() + limit_ns);
    pollfd ended{.fd = child.fd(), .events = POLLIN, .revents = 0};
    constexpr int kEndLimitMs = 1000;
    if (::poll(&ended, 1, kEndLimitMs) <= 0) child.send_signal(SIGKILL);
    json answer{{"output", output}, {"exit_code", child.wait()}};
    path_->end_trial(name);
    const TestPathCounts after = path_->counts();
    answer.update(difference(before, after));
    answer["invalid_reason"] = doubt(before, after, {1, 0});
    return answer;
  }

  SignalWatch signals_;
  std::unique_ptr<TestPath> path_;
  JsonLines& lines_;
};

}  // namespace

int serve_test_path(const TestPathSpec& spec, FileDescriptor socket) noexcept {
  JsonLines lines(std::move(socket), "the campaign", "");
  try {
    try {
      enter_private_network(Strategy::kPolicy);
      TestPathSite(spec, lines).serve();
      return static_cast<int>(ExitCode::kDone);
    } catch (const Error& error) {
      lines.send(error_answer(error.what(), error.exit_code()));
    }
  } catch (const std::exception&) {
    // Nobody is left to report it to.
  }
  return static_cast<int>(ExitCode::kFailed);
}

}  // namespace tunrelay
