// SPDX-License-Identifier: MIT
// JSON objects over a connection, one a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "os/file_descriptor.hpp"

namespace tunrelay {

/// What is answered where a request fails, for whatever reason: {"error": TEXT, "exit_code": N}.
[[nodiscard]] nlohmann::ordered_json error_answer(std::string_view text, ExitCode exit_code);

/// Of one connected stream socket. Used by one thread.
class JsonLines {
 public:
  /// PEER: who is at the other end, and HINT: what can be done about it, for errors.
  JsonLines(FileDescriptor socket, std::string peer, std::string hint)
      : socket_(std::move(socket)), peer_(std::move(peer)), hint_(std::move(hint)) {}

  /// Throws Error when the peer is gone.
  void send(const nlohmann::json& object);
  /// Waits up to LIMIT_NS. Throws Error: the peer is gone or silent, or what came is not JSON
  /// object, or longer than a report can be.
  [[nodiscard]] nlohmann::json receive(std::int64_t limit_ns);
  /// As receive(), of a peer who was asked to ATTEMPT something: what error_answer() has made there
  /// is thrown.
  [[nodiscard]] nlohmann::json receive_answer(std::int64_t limit_ns, const char* attempt);
  [[nodiscard]] const FileDescriptor& socket() const noexcept { return socket_; }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

 private:
  FileDescriptor socket_;
  std::string peer_;
  std::string hint_;
  std::string received_;
};

}  // namespace tunrelay
