// SPDX-License-Identifier: MIT
// What a tunnel's packets meet between the devices: the trace, the user's own stages, the emulated
// link.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "capture/mahimahi_log.hpp"
#include "link/emulated_link.hpp"
#include "plugin/user_stages.hpp"
#include "relay/relay.hpp"
#include "stage/stage_spec.hpp"
#include "stage/trace_log.hpp"
#include "tunnel/tunnel_options.hpp"
#include "tunnel/tunnel_report.hpp"

namespace tunrelay {

/// How a link follows the one before.
struct LinkChange {
  std::uint64_t number = 0;  ///< EmulatedLink::Site::change
  bool leaves_same = false;  ///< EmulatedLink::Succession::leaves_same
};

/// Used by one thread, but for begin(). Must outlive the relay that has its stages.
class TunnelStages {
 public:
  /// Reads what the link needs; no thread, and nothing of the user's, runs yet. OPTIONS must
  /// outlive it. Throws Error for a link that can't be.
  explicit TunnelStages(const TunnelOptions& options);

  /// Loads the user's stages. Throws Error, also where one of them needs a single queue and more
  /// are asked for.
  void load();
  /// After load(): whether there may be one queue alone.
  [[nodiscard]] bool want_one_queue() const { return !user_stages_->wants_one_queue().empty(); }
  /// After load(): a user's stage that may make system calls of its own in a relay thread; or
  /// empty.
  [[nodiscard]] std::string unconfined() const { return user_stages_->makes_system_calls(); }
  /// After load(), once: the stages of a relay with that many queues. Throws Error.
  [[nodiscard]] StageSpecs make(std::size_t queues, std::uint32_t mtu_bytes);
  /// Packets count from now on: before, all pass the stages by. Any thread, while the relay stands
  /// between two turns.
  void begin() noexcept;

  /// Endpoints of users' stages wake RELAY's workers from now on; null: nobody's.
  void wake_workers_of(const Relay* relay);
  /// From here on RELAY's packets meet this link: Tunnel::change_link().
  std::array<bool, kDirections> change_link(LinkDescription description, Relay& relay,
                                            const LinkChange& change);
  void change_mtu(std::uint32_t mtu_bytes) noexcept { user_stages_->change_mtu(mtu_bytes); }
  /// With the seed that it uses.
  [[nodiscard]] const LinkDescription& link() const noexcept { return link_->description(); }
  /// The one in use.
  [[nodiscard]] const EmulatedLink& emulated_link() const noexcept { return *link_; }

  /// Packets that have met the link since they count, at its first stage with packets.
  [[nodiscard]] std::uint64_t packets_taken() const;
  /// Once, after begin(): what mahimahi's log has counts from that. Nothing where none was asked
  /// for.
  void begin_log();
  /// To be called when RELAY's workers have ended: writes the last of the log.
  void end_log() noexcept;
  /// Why the log has ended early, once; empty: it has not.
  [[nodiscard]] std::string log_failure();

  /// After load().
  void fill_in(TunnelReport& report) const;
  /// Prints the last of the trace, and gives REPORT what could not be printed. To be called when
  /// there is no relay any more.
  void end_trace(TunnelReport& report) noexcept;

 private:
  [[nodiscard]] EmulatedLink::Site site(std::uint64_t change) const;
  [[nodiscard]] StageSpecs specs(const EmulatedLink& link,
                                 const std::array<bool, kDirections>& in_place);

  const TunnelOptions& options_;
  std::unique_ptr<EmulatedLink> link_;
  std::unique_ptr<UserStages> user_stages_;
  std::unique_ptr<TraceLog> trace_;   ///< null: none was asked for
  std::unique_ptr<MahimahiLog> log_;  ///< likewise
  bool has_told_failure_ = false;     ///< of the log
  std::int64_t begun_ns_ = 0;         ///< CLOCK_MONOTONIC
};

}  // namespace tunrelay
