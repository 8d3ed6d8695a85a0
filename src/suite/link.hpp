// A link that trials cross: tunrelay's tunnel, or what it is compared with. It stands in the
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

enum class LinkKind : std::uint8_t {
  kTunnel,  ///< `PROGRAM run`
  kVeth,    ///< the kernel's own pair, with the same routing
  kLo,      ///< the loopback device: no link at all
};
[[nodiscard]] std::string_view to_string(LinkKind kind) noexcept;

struct LinkSpec {
  std::string name;  ///< "subject", "control", "base", "head"
  LinkKind kind = LinkKind::kTunnel;
  std::string program;                 ///< of a tunnel
  std::vector<std::string> arguments;  ///< behind `run --json`
};

/// What a link has seen and cost since it began. Differences of two readings are a trial's.
struct LinkCounts {
  bool proven = false;                      ///< the path leads across the link, now
  std::string finding;                      ///< why not
  std::array<std::uint64_t, 2> bytes{};     ///< frames that crossed, a to b and b to a
  std::array<std::uint64_t, 2> segments{};  ///< the same in packets as on a wire
  std::uint64_t dropped = 0;  ///< packets: in the relay, its devices' queues, behind them
  std::int64_t cpu_ns = 0;    ///< of the relay, all threads; 0 where there is none
};

/// Used by one thread. The destructor takes the link down.
class TrialLink {
 public:
  virtual ~TrialLink() = default;
  /// The ends' addresses, IPv4.
  [[nodiscard]] virtual std::array<IpAddress, 2> addresses() const = 0;
  /// Proves the path and reads the counts. Throws Error when the link is gone.
  [[nodiscard]] virtual LinkCounts counts() = 0;
  /// What it turned out to be: engine, offloads, queues, pinning.
  [[nodiscard]] virtual nlohmann::json description() const = 0;
};

/// Makes it in the current network namespace, which must be ours alone. Throws Error.
[[nodiscard]] std::unique_ptr<TrialLink> make_link(const LinkSpec& spec);
[[nodiscard]] std::unique_ptr<TrialLink> make_tunnel_link(const LinkSpec& spec);
[[nodiscard]] std::unique_ptr<TrialLink> make_veth_link();
[[nodiscard]] std::unique_ptr<TrialLink> make_lo_link();

}  // namespace tunrelay
