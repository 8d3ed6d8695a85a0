// SPDX-License-Identifier: MIT
// `tunrelay run --json`, ready, in the background of a test that only uses it:
//   RunningTunnel tunnel("--type tap --queues 2");
//   ... traffic ...
//   const nlohmann::json summary = tunnel.finish();
// Only for tests that name the program in their CMake target (integration tests do).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "support/tunnel_process.hpp"

namespace tunrelay::test {

/// Used by the thread that made it.
class RunningTunnel : public TunnelProcess {
 public:
  /// Returns when the tunnel is ready; throws std::runtime_error when it does not get there.
  explicit RunningTunnel(const std::string& flags) : TunnelProcess(flags) {
    if (!wait_until_ready()) throw std::runtime_error("tunrelay run " + flags + ": not ready");
    ready_ = last_event("ready");
  }

  [[nodiscard]] const nlohmann::json& ready() const noexcept { return ready_; }

  /// Ends it, and returns the summary. Throws when the exit code is not 0.
  nlohmann::json finish() {
    const ProcessResult result = stop();
    if (!result.succeeded()) throw std::runtime_error("tunrelay run: " + result.describe());
    return last_event("summary");
  }

 private:
  nlohmann::json ready_;
};

/// The packets of one tally of one direction: packets_of(summary, "a_to_b", "read").
inline std::uint64_t packets_of(const nlohmann::json& report, const char* direction,
                                const char* tally) {
  return report.at(direction).at(tally).at("packets").get<std::uint64_t>();
}
inline std::uint64_t bytes_read(const nlohmann::json& report, const char* direction) {
  return report.at(direction).at("read").at("bytes").get<std::uint64_t>();
}

/// Whether read + made == written + queued + dropped holds in packets, segments and bytes, each
/// way.
inline bool is_balanced(const nlohmann::json& report) {
  for (const char* direction : {"a_to_b", "b_to_a"})
    for (const char* unit : {"packets", "segments", "bytes"}) {
      const nlohmann::json& lane = report.at(direction);
      auto sum = lane.at("written").at(unit).get<std::uint64_t>() +
                 lane.at("queued").at(unit).get<std::uint64_t>();
      for (const auto& [reason, tally] : lane.at("dropped").items())
        sum += tally.at(unit).get<std::uint64_t>();
      const auto come = lane.at("read").at(unit).get<std::uint64_t>() +
                        lane.at("made").at(unit).get<std::uint64_t>();
      if (come != sum) return false;
    }
  return true;
}

}  // namespace tunrelay::test
