// SPDX-License-Identifier: MIT
// The path of a running tunnel: proven at the start, after every change, by the standing check and
// at the end; and what those checks have found.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "relay/relay.hpp"
#include "route/apply/apply.hpp"
#include "tunnel/path_accounts.hpp"
#include "tunnel/path_prover.hpp"
#include "tunnel/path_watch.hpp"
#include "tunnel/tunnel_event.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// Looks after what changes in the network meanwhile. False: a device was deleted.
using FollowChanges = std::function<bool()>;

/// Used by one thread.
class TunnelPath {
 public:
  /// RELAY and APPLIED must outlive it.
  TunnelPath(const Relay& relay, AppliedPlan& applied) : applied_(applied), prover_(relay) {}

  /// Proves the path that was just made, and again for some seconds while no probe crosses. Throws
  /// an unsupported-environment Error when none does. What failed before the proof does not count.
  void prove_at_start();
  /// The standing check, from now on, every INTERVAL_NS.
  void begin_watch(std::int64_t interval_ns);
  /// Waits for the probe that is under way.
  void end_watch() noexcept { watch_.reset(); }
  /// Proves the path now, which takes seconds while it is broken. Whether it is proven.
  bool prove();
  /// That the proof holds to the end. Takes less than a second, and a probe that is lost in a full
  /// queue says nothing.
  void prove_at_end();

  /// Takes what the standing check has found, looks at the routing tables when that is due, and
  /// proves the path again where the network HAS_CHANGED or the tables have. Appends what has
  /// become of the path. Calls FOLLOW before a probe that was lost is repeated; it may append too.
  void attend(bool has_changed, const FollowChanges& follow, std::vector<TunnelEvent>& events);
  /// A device was deleted: the path can't be proven any more.
  void give_up() { accounts_.give_up(); }

  /// Readable when attend() has something to take; empty without a standing check.
  [[nodiscard]] std::optional<int> fd() const;
  [[nodiscard]] const PathReport& report() const noexcept { return accounts_.report(); }

 private:
  [[nodiscard]] const TunnelEnds& ends() const noexcept { return applied_.plan().ends; }
  bool prove(std::chrono::milliseconds probe_limit);
  /// False: a device was deleted.
  bool prove_again(const FollowChanges& follow);
  void attend_watch(std::vector<TunnelEvent>& events);
  void book(const PathVerdict& verdict) { accounts_.book(verdict, lo_packets()); }
  void report_change(bool was_proven, std::vector<TunnelEvent>& events) const;
  /// That lo has carried, in the ends' network namespaces together.
  std::uint64_t lo_packets() noexcept;

  AppliedPlan& applied_;
  PathProver prover_;
  std::unique_ptr<PathWatch> watch_;
  PathAccounts accounts_;
  std::uint64_t lo_packets_ = 0;  ///< the newest reading
  std::int64_t proved_ns_ = 0;    ///< by this thread, the newest time
  std::int64_t next_look_ns_ = 0;
};

}  // namespace tunrelay
