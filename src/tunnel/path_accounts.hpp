// SPDX-License-Identifier: MIT
// What the checks of a tunnel's path have found so far: whether it is proven, how many probes
// crossed, and what took another way meanwhile.
#pragma once

#include <cstdint>
#include <optional>

#include "tunnel/detour_count.hpp"
#include "tunnel/path_prover.hpp"
#include "tunnel/tunnel_event.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

class PathAccounts {
 public:
  /// A check has ended. LO_PACKETS: what lo has carried until now, in all the ends' namespaces.
  void book(const PathVerdict& verdict, std::uint64_t lo_packets);
  /// Its probes alone: the check decides nothing.
  void count_probes(const PathVerdict& verdict) noexcept;
  /// The tunnel is ready: the newest check, which has proven the path, is the first that counts.
  void begin() noexcept;
  /// A device was deleted: the path can't be proven any more.
  void give_up();

  [[nodiscard]] const PathReport& report() const noexcept { return report_; }
  /// What the user is to know, where the path WAS_PROVEN before the newest check and is not now, or
  /// the other way round.
  [[nodiscard]] std::optional<TunnelEvent> change_since(bool was_proven) const;

 private:
  PathReport report_;
  DetourCount detour_;
};

}  // namespace tunrelay
