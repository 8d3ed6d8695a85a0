// SPDX-License-Identifier: MIT
#include "gen/load_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fields.hpp"
#include "base/json_number.hpp"
#include "base/json_text.hpp"
#include "gen/load_end.hpp"
#include "gen/load_json.hpp"
#include "gen/load_socket.hpp"
#include "gen/remote_end.hpp"
#include "os/json_lines.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

constexpr int kLookMs = 200;
constexpr std::int64_t kLineLimitNs = 5 * kNanosecondsPerSecond;

json answer_to(const json& request, LocalEnd& end) {
  const auto what = request.at("method").get<std::string>();
  if (what == "greet") return {{"version", kLoadProtocolVersion}, {"clock", clock_name()}};
  if (what == "sink")
    return {{"ports", end.open_sink(load_spec_from_json(request.at("spec")),
                                    whole_number<std::uint16_t>(request, "trial"))}};
  if (what == "source") {
    const LoadSpec spec = load_spec_from_json(request.at("spec"));
    SinkName sink{IpAddress::parse(request.at("address").get<std::string>()), {}};
    take_from(request.at("ports"), sink.ports);
    if (sink.ports.size() != spec.threads)
      throw_usage_error("make", "a source", "it needs a port for each thread");
    return {{"congestion_control",
             end.open_source(spec, sink, whole_number<std::uint16_t>(request, "trial"))}};
  }
  if (what == "start") {
    std::int64_t at_ns = 0;
    if (__builtin_add_overflow(monotonic_ns(), whole_number<std::int64_t>(request, "in_ns"),
                               &at_ns))
      throw_usage_error("start", "a load", "its beginning is in no time that a clock knows");
    end.start(whole_number_or(request, "at_ns", at_ns));
    return json::object();
  }
  if (what == "counts") return to_json(end.counts());
  if (what == "report") return {{"end", to_json(end.report())}};
  if (what == "finish") return {{"end", to_json(end.finish())}};
  if (what == "stop") {
    end.stop();
    return json::object();
  }
  throw_usage_error("do", "'" + what + "'", "there is nothing of that name");
}

/// To a client that comes while another one is served.
void turn_away(int listener) {
  FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket.is_open()) return;
  try {
    JsonLines(std::move(socket), "another client", "")
        .send({{"error", "it is serving another client: try again when that is done"}});
  } catch (const Error&) {
    // It has gone already.
  }
}

/// Whether something waits on CLIENT before STOPPING() says so. Others are turned away meanwhile.
bool wait_for(int client, int listener, const std::function<bool()>& stopping) {
  while (!stopping()) {
    std::array<pollfd, 2> ready{{{.fd = client, .events = POLLIN, .revents = 0},
                                 {.fd = listener, .events = POLLIN, .revents = 0}}};
    if (::poll(ready.data(), ready.size(), kLookMs) <= 0) continue;
    if (ready[1].revents != 0) turn_away(listener);
    if (ready[0].revents != 0) return true;
  }
  return false;
}

}  // namespace

LoadServer::LoadServer(const IpAddress& address, std::uint16_t port)
    : listener_(bind_load_socket(SOCK_STREAM, address, port)) {
  listen_on(listener_);
  port_ = port_of(listener_);
}

std::string LoadServer::serve_one(const std::function<bool()>& stopping) noexcept {
  try {
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) return "";
    send_at_once(socket);
    LocalEnd end(local_address_of(socket));  // as the client knows us
    JsonLines lines(std::move(socket), "the client", "");
    while (wait_for(lines.socket().get(), listener_.get(), stopping)) {
      char first = 0;
      if (::recv(lines.socket().get(), &first, 1, MSG_PEEK | MSG_DONTWAIT) == 0) return "";
      const json request = lines.receive(kLineLimitNs);
      try {
        lines.send(answer_to(request, end));
      } catch (const Error& error) {
        lines.send({{"error", error.what()}});
      } catch (const json::exception& error) {
        lines.send({{"error", bare_message(error)}});
      }
    }
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace tunrelay
