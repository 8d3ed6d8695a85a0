// SPDX-License-Identifier: MIT
#include "os/json_lines.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/clock.hpp"
#include "base/json_text.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxLineBytes = 16 << 20;  // histograms of a large trial

}  // namespace

nlohmann::ordered_json error_answer(std::string_view text, ExitCode exit_code) {
  return {{"error", text}, {"exit_code", static_cast<int>(exit_code)}};
}

void JsonLines::send(const nlohmann::json& object) {
  const std::string line = json_text(object) + "\n";
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t count =
        ::send(socket_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (count >= 0)
      sent += static_cast<std::size_t>(count);
    else if (errno == EAGAIN)
      continue;  // the socket's own patience is short; a dead peer ends it
    else if (errno != EINTR)
      throw_system_error(errno, "send to", peer_, hint_);
  }
}

nlohmann::json JsonLines::receive(std::int64_t limit_ns) {
  const std::int64_t end_ns = monotonic_ns() + limit_ns;
  std::size_t line_end = 0;
  std::array<char, 65536> chunk{};
  while ((line_end = received_.find('\n')) == std::string::npos) {
    pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const std::int64_t left_ns = end_ns - monotonic_ns();
    if (left_ns <= 0) throw_system_error(ETIMEDOUT, "hear from", peer_, hint_);
    if (::poll(&ready, 1, static_cast<int>(left_ns / kNanosecondsPerMillisecond + 1)) <= 0)
      continue;
    const ssize_t count = ::recv(socket_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count == 0) throw_system_error(ECONNRESET, "hear from", peer_, hint_);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      throw_system_error(errno, "hear from", peer_, hint_);
    if (count > 0) received_.append(chunk.data(), static_cast<std::size_t>(count));
    if (received_.size() > kMaxLineBytes)
      throw_system_error(EMSGSIZE, "hear from", peer_, "it does not speak tunrelay's protocol");
  }
  const std::string line = received_.substr(0, line_end);
  received_.erase(0, line_end + 1);
  nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object())
    throw_system_error(EPROTO, "understand", peer_, "it does not speak tunrelay's protocol");
  return object;
}

nlohmann::json JsonLines::receive_answer(std::int64_t limit_ns, const char* attempt) {
  nlohmann::json answer = receive(limit_ns);
  if (answer.contains("error"))
    throw Error({.attempt = attempt,
                 .object = peer_,
                 .cause = answer.at("error").get<std::string>(),
                 .hint = "",
                 .system_errno = 0,
                 .exit_code = static_cast<ExitCode>(answer.value("exit_code", 1))});
  return answer;
}

}  // namespace tunrelay
