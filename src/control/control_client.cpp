// SPDX-License-Identifier: MIT
#include "control/control_client.hpp"

#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "base/units.hpp"
#include "control/control_server.hpp"
#include "control/unix_socket.hpp"
#include "os/passed_descriptor.hpp"

namespace tunrelay {
namespace {

/// A change of stages waits for those before; a report for its path check.
constexpr std::int64_t kAnswerLimitNs = 10 * kNanosecondsPerSecond;

FileDescriptor connect_to(const std::string& path) {
  FileDescriptor socket = make_unix_socket();
  check_system_call(connect_unix_socket(socket, path), "talk to the relay at", path,
                    "see whether it runs, and whether you may write to its socket");
  return socket;
}

}  // namespace

ControlClient::ControlClient(const std::string& path)
    : lines_(connect_to(path), "the relay at " + path, "see whether it still runs") {}

nlohmann::json ControlClient::call(const nlohmann::json& request, int passed) {
  const std::string line = json_text(request) + "\n";
  if (line.size() > ControlServer::kMaxLineBytes)
    throw_usage_error("send a request to", lines_.peer(),
                      "the request has over " + format_bytes(ControlServer::kMaxLineBytes),
                      "make it shorter; long lists belong in a file");
  if (passed < 0) {
    lines_.send(request);
  } else {
    // A socket just made takes a short line in one piece.
    if (send_with_descriptor(lines_.socket(), line, passed) != static_cast<ssize_t>(line.size()))
      throw_system_error(errno, "send to", lines_.peer());
  }
  return lines_.receive_answer(kAnswerLimitNs, "have this done by");
}

}  // namespace tunrelay
