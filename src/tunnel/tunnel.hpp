// SPDX-License-Identifier: MIT
// A Tunnel: two devices, an applied plan and a relay, owned by one object. It is made ready by
// start(), looked after by attend(), and restored by stop() or the destructor; a process that is
// killed meanwhile leaves a janitor that restores the host.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.hpp"
#include "flow/flow_tables.hpp"
#include "relay/relay.hpp"
#include "route/apply/apply.hpp"
#include "route/watch/monitor.hpp"
#include "tunnel/choices.hpp"
#include "tunnel/janitor_keeper.hpp"
#include "tunnel/kernel_accounts.hpp"
#include "tunnel/offload_control.hpp"
#include "tunnel/relay_accounts.hpp"
#include "tunnel/tunnel_capture.hpp"
#include "tunnel/tunnel_event.hpp"
#include "tunnel/tunnel_options.hpp"
#include "tunnel/tunnel_path.hpp"
#include "tunnel/tunnel_record.hpp"
#include "tunnel/tunnel_report.hpp"
#include "tunnel/tunnel_scenario.hpp"
#include "tunnel/tunnel_stages.hpp"

namespace tunrelay {

/// Used by one thread at a time, and started while it is the only one, where there is to be a
/// janitor (which is a fork). The threads that it makes have the signal mask of the starting one.
class Tunnel {
 public:
  /// Checks the host and refuses a conflict; changes nothing yet. Throws Error.
  explicit Tunnel(TunnelOptions options);
  /// As stop().
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  /// Makes devices, relay and routes, and proves the path. Throws Error, with everything
  /// undone again, when a part fails or no probe crosses. LAST_ACT is done while the process still
  /// has all its rights; it may throw an Error.
  void start(const std::function<void()>& last_act = {});
  /// Ends the relay and puts everything back. Returns what could not be put back, as text.
  std::vector<std::string> stop() noexcept;

  /// Descriptors to poll for input; attend() then does what is due.
  [[nodiscard]] std::vector<int> poll_fds() const;
  /// Looks after the tunnel: follows the network's changes, repairs our rules, checks the path.
  /// To be called when a descriptor is readable, and at least once a second. Whatever others do to
  /// the routes is an event; only a deleted device is the end.
  std::vector<TunnelEvent> attend();
  /// Proves the path now, and waits for that, which takes seconds while it is broken. True when
  /// probes crossed in every direction.
  bool check_path();
  /// The same by attend(), which waits for no probe...
  void begin_path_check();
  /// ...until this is false; then the report has what it has found.
  [[nodiscard]] bool is_checking_path() const noexcept;
  /// The last check, before stop(): that the proof holds to the end. Takes less than a second, and
  /// a probe that is lost in a full queue says nothing.
  void check_path_at_end();
  /// From here on packets meet this link's stages. Returns for each direction whether its stages
  /// have changed in place (link/link_change.hpp), so that they keep what they queue; others were
  /// replaced, and those before have let it out. Throws Error, and the link is as it was, for a
  /// description that can't be, or while packets of a link that was replaced are still queued.
  /// A scenario that plays ends.
  std::array<bool, kDirections> change_link(LinkDescription description);
  /// The link as it is now, with the seed that it uses.
  [[nodiscard]] const LinkDescription& link() const noexcept { return stages_.link(); }
  /// The same with an outage of a scenario ended: where a change of some of it begins.
  [[nodiscard]] LinkDescription link_to_change() const;

  /// From here on the link is what SCENARIO makes of the present one. Throws Error, and all is as
  /// it was, for one that can't be. SEED: of its random numbers; nothing: the scenario's, or a new
  /// one.
  std::array<bool, kDirections> play_scenario(std::shared_ptr<const Scenario> scenario,
                                              std::optional<std::uint64_t> seed);
  /// The link stays as it is, but that an outage ends. Throws Error where none plays.
  std::array<bool, kDirections> stop_scenario();
  /// A device was deleted: nothing can cross any more.
  [[nodiscard]] bool is_gone() const noexcept { return gone_; }

  /// From here on packets are captured, to PIPE (which options.file then describes) where it is
  /// open. Throws Error: the file can't be written, or a capture runs.
  void start_capture(const CaptureOptions& options, FileDescriptor pipe = {});
  /// What was captured; nothing when no capture runs.
  std::optional<CaptureReport> end_capture() noexcept;

  /// From here on what the tunnel does is recorded, to FILE (which options.file then describes)
  /// where it is open. Throws Error: the file can't be written, or a record runs.
  void start_record(const RecordOptions& options, FileDescriptor file = {});
  /// An event of kind "mark" in the record that runs. Throws a usage Error where none does.
  void mark_record(std::string_view text);
  /// What was recorded; nothing when no record runs.
  std::optional<RecordReport> end_record() noexcept { return record_.end(); }

  /// What it does from now on, from one look to the next, without the peaks of queues. The tunnel
  /// must not be stopped before. Whoever has it looks whether link_changed_ns() has changed, and
  /// then has it follow emulated_link().
  [[nodiscard]] std::unique_ptr<IntervalReader> read_intervals() const;
  [[nodiscard]] const EmulatedLink& emulated_link() const noexcept {
    return stages_.emulated_link();
  }
  /// When the link has last changed, in place or not, since ready; 0: it has not.
  [[nodiscard]] std::int64_t link_changed_ns() const noexcept { return link_changed_ns_; }
  /// The TOP largest flows; nothing where flows are not counted.
  [[nodiscard]] std::optional<FlowSnapshot> flows(std::size_t top) const;
  /// Whether the newest check of the path has proven it; by a look, which checks nothing.
  [[nodiscard]] bool is_path_proven() const { return path_ && path_->report().proven; }

  /// After stop(): what stood at its end.
  [[nodiscard]] TunnelReport report();
  [[nodiscard]] const TunnelOptions& options() const noexcept { return options_; }

 private:
  void open_journal();
  void start_janitor();
  void open_devices();
  void start_relay();
  void apply_plan();
  void test_offloads();
  void begin_accounts();
  [[nodiscard]] CaptureSite capture_site() const;
  void begin_record(bool is_at_ready);
  std::array<bool, kDirections> use_link(LinkDescription description, const LinkChange& change);
  void begin_scenario();
  void follow_scenario(std::vector<TunnelEvent>& events);
  [[nodiscard]] std::vector<TunnelEvent> follow_all();
  /// Whether something has changed.
  bool follow_routes(std::vector<TunnelEvent>& events);
  void follow_mtu(const RouteEvent& event, std::vector<TunnelEvent>& events);
  void follow_devices(std::vector<TunnelEvent>& events);

  TunnelScenario scenario_;
  std::int64_t link_changed_ns_ = 0;
  const TunnelOptions options_;
  const std::int64_t begun_ns_;
  std::int64_t ready_ns_ = 0;
  TunnelReport report_;  ///< what no part below can say, and after stop() all
  std::array<std::uint32_t, kDirections> mtu_bytes_;  ///< of a and of b, as they are now
  bool gone_ = false;
  FileAccess file_access_;

  // What stands below uses what stands above it.
  std::unique_ptr<Journal> journal_;  ///< until the plan is applied
  std::unique_ptr<JanitorKeeper> janitor_;
  EngineChoice engine_;
  TunnelStages stages_;
  TunnelCapture capture_;
  TunnelRecord record_;
  std::unique_ptr<FlowTables> flows_;  ///< null: flows are not counted
  std::vector<Device> devices_;        ///< a, b
  std::unique_ptr<OffloadControl> offloads_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<RelayAccounts> relay_accounts_;  ///< since ready
  std::unique_ptr<AppliedPlan> applied_;
  std::unique_ptr<KernelAccounts> kernel_accounts_;  ///< since ready
  std::unique_ptr<RouteMonitor> monitor_;
  std::unique_ptr<TunnelPath> path_;
};

}  // namespace tunrelay
