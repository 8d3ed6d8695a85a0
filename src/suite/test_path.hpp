// SPDX-License-Identifier: MIT
// A path that trials cross: tunrelay's tunnel, or what it is compared with. It stands in the
// network namespace of the process that made it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/ip_address.hpp"

namespace tunrelay {

enum class TestPathKind : std::uint8_t {
  kTunnel,  ///< `PROGRAM run`
  kVeth,    ///< the kernel's own pair, with the same routing
  kLo,      ///< the loopback device: no path at all
};
[[nodiscard]] std::string_view to_string(TestPathKind kind) noexcept;

struct TestPathSpec {
  std::string name;  ///< "subject", "control", "base", "head"
  TestPathKind kind = TestPathKind::kTunnel;
  std::string program;                 ///< of a tunnel
  std::vector<std::string> arguments;  ///< behind `run --json`
  /// What TCP across begins with, by the routes; empty: as the host has it. Not of kLo, whose
  /// routes are the kernel's.
  std::string congestion_control{};
  std::vector<std::string> record{};  ///< of a tunnel: flags for its `run` that begin a record
  std::string scenario{};             ///< of a tunnel: begins again with each trial; empty: none
};

/// What a path has seen and cost since it began. Differences of two readings are a trial's.
struct TestPathCounts {
  bool proven = false;                      ///< the path leads across the path, now
  std::string finding;                      ///< why not
  std::array<std::uint64_t, 2> bytes{};     ///< frames that crossed, a to b and b to a
  std::array<std::uint64_t, 2> segments{};  ///< the same in packets as on a wire
  std::uint64_t dropped = 0;  ///< packets: in the relay, its devices' queues, behind them
  std::int64_t cpu_ns = 0;    ///< of the relay, all threads; 0 where there is none
};

/// Used by one thread. The destructor takes the path down.
class TestPath {
 public:
  virtual ~TestPath() = default;
  /// The ends' addresses, IPv4.
  [[nodiscard]] virtual std::array<IpAddress, 2> addresses() const = 0;
  /// A trial of that NAME begins: a scenario does, and a record says so.
  virtual void begin_trial(const std::string& /*name*/) {}
  virtual void end_trial(const std::string& /*name*/) {}
  /// Proves the path and reads the counts. Throws Error when the path is gone.
  [[nodiscard]] virtual TestPathCounts counts() = 0;
  /// What it turned out to be: engine, offloads, queues, pinning.
  [[nodiscard]] virtual nlohmann::json description() const = 0;
};

/// Makes it in the current network namespace, which must be ours alone. Throws Error.
[[nodiscard]] std::unique_ptr<TestPath> make_path(const TestPathSpec& spec);
[[nodiscard]] std::unique_ptr<TestPath> make_tunnel_path(const TestPathSpec& spec);
[[nodiscard]] std::unique_ptr<TestPath> make_veth_path(const TestPathSpec& spec);
[[nodiscard]] std::unique_ptr<TestPath> make_lo_path();

}  // namespace tunrelay
