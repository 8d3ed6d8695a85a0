#include "gen/remote_end.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "gen/load_json.hpp"
#include "gen/load_socket.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr std::int64_t kServerLimitNs = 5 * kNanosecondsPerSecond;
/// Longer than the other end's longest work: connecting thousands of flows, ending a trial.
constexpr std::int64_t kAnswerLimitNs = 30 * kNanosecondsPerSecond;
/// What takes no work is answered at once, or the server is dead.
constexpr std::int64_t kPromptLimitNs = 5 * kNanosecondsPerSecond;

FileDescriptor connect_to_server(const IpAddress& here, const IpAddress& there,
                                 std::uint16_t port) {
  FileDescriptor socket = bind_load_socket(SOCK_STREAM, here, 0);
  connect_load_socket(socket, there, port, kServerLimitNs);
  send_at_once(socket);
  return socket;
}

}  // namespace

std::string clock_name() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::array<char, 64> name{};
  const ssize_t length = ::readlink("/proc/self/ns/time", name.data(), name.size());
  return boot + " " + std::string(name.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
}

RemoteEnd::RemoteEnd(const IpAddress& here, const IpAddress& there, std::uint16_t port)
    : address_(there),
      lines_(connect_to_server(here, there, port),
             fmt::format("the load server at {} port {}", there.to_string(), port),
             "see whether `tunrelay gen --server` still runs there") {
  const json answer =
      ask({{"do", "greet"}, {"version", kLoadProtocolVersion}, {"clock", clock_name()}},
          kPromptLimitNs);
  if (answer.value("version", 0) != kLoadProtocolVersion)
    throw_unfit_error("talk to", lines_.peer(), "it is of another version",
                      "run the same tunrelay at both ends");
  shares_our_clock_ = answer.value("clock", "") == clock_name();
}

json RemoteEnd::ask(const json& question, std::int64_t limit_ns) {
  lines_.send(question);
  json answer = lines_.receive(limit_ns);
  if (answer.contains("error"))
    throw Error({.attempt = "use",
                 .object = lines_.peer(),
                 .answer = answer.at("error").get<std::string>(),
                 .way_out = ""});
  return answer;
}

std::vector<std::uint16_t> RemoteEnd::open_sink(const LoadSpec& spec, std::uint16_t trial) {
  const json answer =
      ask({{"do", "sink"}, {"spec", to_json(spec)}, {"trial", trial}}, kAnswerLimitNs);
  return answer.at("ports").get<std::vector<std::uint16_t>>();
}

std::string RemoteEnd::open_source(const LoadSpec& spec, const SinkName& sink,
                                   std::uint16_t trial) {
  const json answer = ask({{"do", "source"},
                           {"spec", to_json(spec)},
                           {"trial", trial},
                           {"address", sink.address.to_string()},
                           {"ports", sink.ports}},
                          kAnswerLimitNs);
  return answer.at("congestion_control").get<std::string>();
}

void RemoteEnd::start(std::int64_t begin_ns) {
  json question{{"do", "start"}, {"in_ns", begin_ns - monotonic_ns()}};
  if (shares_our_clock_) question["at_ns"] = begin_ns;
  ask(question, kPromptLimitNs);
}

EndCounts RemoteEnd::counts() {
  const json answer = ask({{"do", "counts"}}, kPromptLimitNs);
  EndCounts counts;
  answer.at("sending").get_to(counts.sending);
  answer.at("sent_messages").get_to(counts.sent_messages);
  answer.at("sent_bytes").get_to(counts.sent_bytes);
  answer.at("received_messages").get_to(counts.received_messages);
  answer.at("received_bytes").get_to(counts.received_bytes);
  answer.at("arrived").get_to(counts.arrived);
  answer.at("expected").get_to(counts.expected);
  answer.at("arrivals").get_to(counts.arrivals);
  answer.at("longest_delay_ns").get_to(counts.longest_delay_ns);
  return counts;
}

void RemoteEnd::stop() {
  ask({{"do", "stop"}}, kPromptLimitNs);
}

LoadEndReport RemoteEnd::finish() {
  DirectionReport all =
      direction_report_from_json(ask({{"do", "finish"}}, kAnswerLimitNs).at("end"));
  return {.sent = std::move(all.sent),
          .responses = std::move(all.responses),
          .received = std::move(all.received)};
}

}  // namespace tunrelay
