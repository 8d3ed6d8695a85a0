// SPDX-License-Identifier: MIT
// The path of a running tunnel: proven at the start, after every change, by the standing check and
// at the end; and what those checks have found.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "relay/relay.hpp"
#include "route/apply/apply.hpp"
#include "tunnel/path_accounts.hpp"
#include "tunnel/path_prover.hpp"
#include "tunnel/path_watch.hpp"
#include "tunnel/proof_thread.hpp"
#include "tunnel/tunnel_event.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// Used by one thread.
class TunnelPath {
 public:
  /// RELAY and APPLIED must outlive it.
  TunnelPath(const Relay& relay, AppliedPlan& applied)
      : applied_(applied), prover_(relay, applied.sockets()) {}

  /// Proves the path that was just made, and again for some seconds while no probe crosses. Throws
  /// an unsupported-environment Error when none does. What failed before the proof does not count.
  void prove_at_start();
  /// From now on the path is proven again after changes, and every INTERVAL_NS by the standing
  /// check, unless that is 0; by threads of their own, since a probe that is lost is waited for.
  void begin_watch(std::int64_t interval_ns);
  /// Waits for the probes that are under way.
  void end_watch() noexcept;
  /// Proves the path now, and waits for that, which takes seconds while it is broken. Whether it is
  /// proven.
  bool prove();
  /// After begin_watch(): has attend() prove the path, and...
  void begin_proof();
  /// ...says whether it still has to.
  [[nodiscard]] bool is_proving() const noexcept { return is_asked_ || answers_request_; }
  /// That the proof holds to the end. Takes less than a second, and a probe that is lost in a full
  /// queue says nothing.
  void prove_at_end();

  /// Takes what checks have found, looks at the routing tables when that is due, and has the path
  /// proven again where the network HAS_CHANGED or the tables have. Appends what has become of the
  /// path. Waits for no probe.
  void attend(bool has_changed, std::vector<TunnelEvent>& events);
  /// A device was deleted: the path can't be proven any more.
  void give_up() { accounts_.give_up(); }

  /// Readable when attend() has something to take.
  [[nodiscard]] std::vector<int> fds() const;
  [[nodiscard]] const PathReport& report() const noexcept { return accounts_.report(); }

 private:
  [[nodiscard]] const TunnelEnds& ends() const noexcept { return applied_.plan().ends; }
  bool prove(std::chrono::milliseconds probe_limit);
  void begin_check(std::chrono::milliseconds probe_limit);
  void attend_check(std::vector<TunnelEvent>& events);
  void attend_watch(std::vector<TunnelEvent>& events);
  void book(const PathVerdict& verdict) { accounts_.book(verdict, lo_packets()); }
  void report_change(bool was_proven, std::vector<TunnelEvent>& events) const;
  /// That lo has carried, in the ends' network namespaces together.
  std::uint64_t lo_packets() noexcept;

  AppliedPlan& applied_;
  PathProver prover_;
  std::unique_ptr<PathWatch> watch_;         ///< null: there is no standing check
  std::chrono::milliseconds probe_limit_{};  ///< of the check after a change, while none begins
  std::unique_ptr<ProofThread> checks_;      ///< those after changes
  bool is_checking_ = false;                 ///< such a check is under way
  bool is_outdated_ = false;                 ///< the network has changed since that has begun
  bool is_asked_ = false;                    ///< a check was asked for, and has not begun
  bool answers_request_ = false;             ///< the check under way is the one that was asked for
  PathAccounts accounts_;
  std::uint64_t lo_packets_ = 0;  ///< the newest reading
  std::int64_t proved_ns_ = 0;    ///< by this thread, the newest time
  std::int64_t next_look_ns_ = 0;
};

}  // namespace tunrelay
