// SPDX-License-Identifier: MIT
// The end of a trial that a `tunrelay gen --server` keeps for us, driven over a TCP connection by
// JSON lines: a request each, an answer each.
//
//   {"method": "greet", "version": 3, "clock": ID}     -> {"version": 3, "clock": ID}
//   {"method": "sink", "spec": {}, "trial": N}         -> {"ports": []}
//   {"method": "source", "spec": {}, "trial": N, "address": A, "ports": []}
//                                                  -> {"congestion_control": NAME}
//   {"method": "start", "in_ns": N, "at_ns": N}        -> {}
//   {"method": "counts"} -> the fields of EndCounts;  {"method": "stop"} -> {}
//   {"method": "report"}, {"method": "finish"}             -> {"end": {}}
// Any answer may be {"error": TEXT} instead.
#pragma once

#include <string>

#include "gen/load_end.hpp"
#include "gen/load_socket.hpp"
#include "os/json_lines.hpp"

namespace tunrelay {

inline constexpr int kLoadProtocolVersion = 3;
inline constexpr std::uint16_t kLoadServerPort = 5213;

/// Names this machine's CLOCK_MONOTONIC: the boot, and the time namespace. Two ends with the same
/// name read the same clock.
[[nodiscard]] std::string clock_name();

class RemoteEnd final : public LoadEnd {
 public:
  /// Connects from HERE to the server at THERE. Throws Error.
  RemoteEnd(const IpAddress& here, const IpAddress& there, std::uint16_t port);

  [[nodiscard]] const IpAddress& address() const noexcept override { return address_; }
  /// By which the server knows us.
  [[nodiscard]] IpAddress our_address() const { return local_address_of(lines_.socket()); }
  [[nodiscard]] bool shares_our_clock() const noexcept override { return shares_our_clock_; }
  std::vector<std::uint16_t> open_sink(const LoadSpec& spec, std::uint16_t trial) override;
  std::string open_source(const LoadSpec& spec, const SinkName& sink, std::uint16_t trial) override;
  void start(std::int64_t begin_ns) override;
  [[nodiscard]] EndCounts counts() override;
  [[nodiscard]] LoadEndReport report() override;
  void stop() override;
  [[nodiscard]] LoadEndReport finish() override;

 private:
  /// What READ makes of the answer. Throws Error when none has come after LIMIT_NS, or one that
  /// READ does not understand.
  template <typename Read>
  auto call(const nlohmann::json& request, std::int64_t limit_ns, const Read& read);

  IpAddress address_;
  JsonLines lines_;
  bool shares_our_clock_ = false;
};

}  // namespace tunrelay
