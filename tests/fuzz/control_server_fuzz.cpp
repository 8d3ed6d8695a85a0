// SPDX-License-Identifier: MIT
// A ControlServer whose client sends any bytes, in any pieces: each answer is a line of JSON, there
// are no more answers than lines, and the server goes on.
// Input: a byte that says how long the pieces are, then what the client sends.
// Covers: control/control_server.cpp
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "control/control_server.hpp"
#include "control/unix_socket.hpp"

namespace {

/// Takes what requests have as tunnels do: as text, as numbers, or not at all.
class Service final : public tunrelay::ControlService {
 public:
  nlohmann::ordered_json answer(tunrelay::ControlClientId /*client*/, const nlohmann::json& request,
                                tunrelay::FileDescriptor /*passed*/) override {
    const std::string method = request.at("method");
    if (method == "fail") tunrelay::throw_usage_error("do", "that", "it can't be");
    return {{"method", method}, {"seed", request.value("seed", std::uint64_t{0})}};
  }
  void left(tunrelay::ControlClientId /*client*/) noexcept override {}
};

void check_answers(const tunrelay::FileDescriptor& client, std::size_t lines) {
  std::string answers;
  std::array<char, 4096> part{};
  for (ssize_t count = 0;
       (count = ::recv(client.get(), part.data(), part.size(), MSG_DONTWAIT)) > 0;)
    answers.append(part.data(), static_cast<std::size_t>(count));
  if (static_cast<std::size_t>(std::count(answers.begin(), answers.end(), '\n')) > lines)
    std::abort();
  for (std::size_t begin = 0; begin < answers.size();) {
    const std::size_t end = answers.find('\n', begin);
    if (end == std::string::npos) std::abort();
    if (!nlohmann::json::parse(answers.substr(begin, end - begin), nullptr, false).is_object())
      std::abort();
    begin = end + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Service service;
  static tunrelay::ControlServer server("/tmp/tunrelay-fuzz." + std::to_string(::getpid()),
                                        service);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = std::size_t{data[0]} * 16 + 1;
  const tunrelay::FileDescriptor client = tunrelay::make_unix_socket();
  if (tunrelay::connect_unix_socket(client, server.path()) != 0) std::abort();
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    ::send(client.get(), part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    server.serve();
  }
  for (int turns = 0; turns < 8; ++turns) server.serve();
  check_answers(client, static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  return 0;
}
