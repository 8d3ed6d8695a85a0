// SPDX-License-Identifier: MIT
#include "tunnel/path_accounts.hpp"

#include <fmt/format.h>

#include <string>

#include "base/units.hpp"

namespace tunrelay {

void PathAccounts::book(const PathVerdict& verdict, std::uint64_t lo_packets) {
  ++report_.checks;
  if (!verdict.proven()) ++report_.failed_checks;
  count_probes(verdict);
  detour_.book(verdict.proven(), lo_packets);
  report_.detour_packets = detour_.total();
  report_.proven = verdict.proven();
  report_.finding = verdict.finding;
  report_.host_busy = verdict.host_busy;
}

void PathAccounts::count_probes(const PathVerdict& verdict) noexcept {
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    report_.probes_sent.at(direction) += verdict.probes_sent.at(direction);
    report_.probes_crossed.at(direction) += verdict.probes_crossed.at(direction);
  }
}

void PathAccounts::begin() noexcept {
  // What failed before was the path coming up, no failure of a tunnel that was ready.
  report_.checks = 1;
  report_.failed_checks = 0;
  report_.probes_sent = report_.probes_crossed;
  detour_.begin();
  report_.detour_packets = 0;
}

void PathAccounts::give_up() {
  report_.proven = false;
  if (report_.finding.empty()) report_.finding = "a device was deleted";
}

std::optional<TunnelEvent> PathAccounts::change_since(bool was_proven) const {
  if (report_.proven == was_proven) return {};
  const std::string detour = fmt::format("{} packets", format_count(detour_.newest()));
  if (was_proven)
    return TunnelEvent{TunnelEvent::Kind::kBroken,
                       fmt::format("The path is broken (since its last proof lo has carried {}, "
                                   "whoever sent them): {}",
                                   detour, report_.finding)};
  return TunnelEvent{TunnelEvent::Kind::kRepaired,
                     fmt::format("The path is whole again. Meanwhile lo has carried {}, whoever "
                                 "sent them.",
                                 detour)};
}

}  // namespace tunrelay
