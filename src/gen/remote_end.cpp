// SPDX-License-Identifier: MIT
#include "gen/remote_end.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fields.hpp"
#include "base/json_text.hpp"
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

LoadEndReport report_in(const json& answer) {
  return load_end_report_from_json(answer.at("end"));
}

/// An answer that says only that it was done.
void no_answer(const json& /*answer*/) {}

}  // namespace

std::string clock_name() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::array<char, 64> name{};
  const ssize_t length = ::readlink("/proc/self/ns/time", name.data(), name.size());
  return boot + " " + std::string(name.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
}

template <typename Read>
auto RemoteEnd::call(const json& request, std::int64_t limit_ns, const Read& read) {
  lines_.send(request);
  const json answer = lines_.receive(limit_ns);
  try {
    if (answer.contains("error"))
      throw Error({.attempt = "use",
                   .object = lines_.peer(),
                   .cause = answer.at("error").get<std::string>(),
                   .hint = ""});
    return read(answer);
  } catch (const json::exception& error) {
    throw Error({.attempt = "understand",
                 .object = lines_.peer(),
                 .cause = bare_message(error),
                 .hint = "run the same tunrelay at both ends"});
  }
}

RemoteEnd::RemoteEnd(const IpAddress& here, const IpAddress& there, std::uint16_t port)
    : address_(there),
      lines_(connect_to_server(here, there, port),
             fmt::format("the load server at {} port {}", there.to_string(), port),
             "see whether `tunrelay gen --server` still runs there") {
  shares_our_clock_ =
      call({{"method", "greet"}, {"version", kLoadProtocolVersion}, {"clock", clock_name()}},
           kPromptLimitNs, [this](const json& answer) {
             if (answer.value("version", 0) != kLoadProtocolVersion)
               throw_unsupported_error("talk to", lines_.peer(), "it is of another version",
                                       "run the same tunrelay at both ends");
             return answer.value("clock", "") == clock_name();
           });
}

std::vector<std::uint16_t> RemoteEnd::open_sink(const LoadSpec& spec, std::uint16_t trial) {
  return call({{"method", "sink"}, {"spec", to_json(spec)}, {"trial", trial}}, kAnswerLimitNs,
              [](const json& answer) {
                std::vector<std::uint16_t> ports;
                take_from(answer.at("ports"), ports);
                return ports;
              });
}

std::string RemoteEnd::open_source(const LoadSpec& spec, const SinkName& sink,
                                   std::uint16_t trial) {
  return call({{"method", "source"},
               {"spec", to_json(spec)},
               {"trial", trial},
               {"address", sink.address.to_string()},
               {"ports", sink.ports}},
              kAnswerLimitNs, [](const json& answer) {
                return answer.at("congestion_control").get<std::string>();
              });
}

void RemoteEnd::start(std::int64_t begin_ns) {
  json request{{"method", "start"}, {"in_ns", begin_ns - monotonic_ns()}};
  if (shares_our_clock_) request["at_ns"] = begin_ns;
  call(request, kPromptLimitNs, no_answer);
}

EndCounts RemoteEnd::counts() {
  return call({{"method", "counts"}}, kPromptLimitNs, end_counts_from_json);
}

void RemoteEnd::stop() {
  call({{"method", "stop"}}, kPromptLimitNs, no_answer);
}

LoadEndReport RemoteEnd::report() {
  return call({{"method", "report"}}, kPromptLimitNs, report_in);
}

LoadEndReport RemoteEnd::finish() {
  return call({{"method", "finish"}}, kAnswerLimitNs, report_in);
}

}  // namespace tunrelay
