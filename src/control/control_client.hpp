// SPDX-License-Identifier: MIT
// A client of a running relay's control socket.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "os/json_lines.hpp"

namespace tunrelay {

/// Used by one thread.
class ControlClient {
 public:
  /// Throws Error: nobody listens at PATH, or we may not connect.
  explicit ControlClient(const std::string& path);

  /// The answer. PASSED: a descriptor that goes with the request, unless negative. Throws the
  /// relay's Error, or one of our own when it is gone or silent.
  nlohmann::json call(const nlohmann::json& request, int passed = -1);
  /// Readable when the relay has gone.
  [[nodiscard]] int fd() const noexcept { return lines_.socket().get(); }

 private:
  JsonLines lines_;
};

}  // namespace tunrelay
