// SPDX-License-Identifier: MIT
// What a tunnel has done so far, as plain data: for summaries, counters and results.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture.hpp"
#include "capture/mahimahi_log.hpp"
#include "device/device_type.hpp"
#include "flow/flow_snapshot.hpp"
#include "link/emulated_link.hpp"
#include "metrics/socket_counters.hpp"
#include "plugin/user_stages.hpp"
#include "record/recorder.hpp"
#include "relay/relay.hpp"
#include "route/model/tunnel_ends.hpp"
#include "tunnel/tunnel_event.hpp"
#include "tunnel/tunnel_sandbox.hpp"

namespace tunrelay {

/// One end: the device and what the kernel counted on it since the tunnel began.
struct EndReport {
  std::string device;
  DeviceType type = DeviceType::kTun;
  bool made_by_us = true;
  std::string offloads;                     ///< "csum tso4 ...", or "none"
  std::string offload_reason;               ///< why they are off, where they were wanted
  std::vector<std::string> addresses;       ///< with prefix lengths
  std::string netns;                        ///< empty: the tunnel's own
  std::uint64_t queue_dropped_packets = 0;  ///< the device's queue was full (tx_dropped)
  std::uint64_t kernel_dropped_packets =
      0;  ///< the kernel would not take what we wrote (rx_dropped)
};

/// What path checks have proven: a probe counts where the relay has seen it pass and the
/// receiver has got it.
struct PathReport {
  bool proven = false;     ///< by the newest check
  std::string finding;     ///< why not
  bool host_busy = false;  ///< it failed, since the host was too busy to check
  std::uint64_t checks = 0;
  std::uint64_t failed_checks = 0;
  /// That lo carried while the path was broken, whoever sent them.
  std::uint64_t detour_packets = 0;
  std::array<std::uint64_t, kDirections> probes_sent{};
  std::array<std::uint64_t, kDirections> probes_crossed{};
};

/// What became of the newest scenario.
struct ScenarioReport {
  enum class State : std::uint8_t {
    kWaiting,  ///< for traffic
    kPlaying,
    kOver,     ///< its last change is past
    kStopped,  ///< by a request
  };

  std::string name;
  std::uint64_t seed = 0;
  State state = State::kPlaying;
  std::int64_t ready_ns = 0;        ///< when the tunnel was ready, CLOCK_MONOTONIC
  std::int64_t begun_ns = 0;        ///< its start, after the tunnel was ready
  std::int64_t last_change_ns = 0;  ///< after its start
  std::uint64_t changes = 0;        ///< of the link, since its start
  std::uint64_t replaced = 0;       ///< of those: some direction was not changed in place
  std::int64_t late_ns = 0;         ///< by how much a change came too late, at most
};

struct TunnelReport {
  std::array<EndReport, kDirections> ends;
  Strategy strategy = Strategy::kPolicy;
  EngineKind engine = EngineKind::kUring;
  std::string engine_reason;
  MergeRules merging;          ///< packets of which protocols are merged, either way
  std::string queues_reason;   ///< why so many, where that is not plain
  std::string merging_reason;  ///< why not all, where that was wanted
  std::uint32_t mtu_bytes = 0;
  std::int64_t duration_ns = 0;               ///< since ready
  std::int64_t ready_after_ns = 0;            ///< from the start of the set-up
  std::array<LaneCounts, kDirections> lanes;  ///< by Direction; since ready
  std::vector<WorkerReport> workers;
  SandboxReport sandbox;
  PathReport path;
  SocketCounters sockets;     ///< of the ends' whole namespaces; since ready
  std::uint64_t repairs = 0;  ///< of rules and routes that someone took away
  std::array<std::uint64_t, TunnelEvent::kKinds> events{};  ///< by kind; since ready
  LinkReport link;                                          ///< its stages and what they have done
  /// When `link set` made that link, after the tunnel was ready; 0: it was not set. Its stages have
  /// counted since.
  std::int64_t link_set_ns = 0;
  std::optional<ScenarioReport> scenario;    ///< the newest, if there was one
  std::vector<UserStageReport> user_stages;  ///< since ready
  std::optional<CaptureReport> capture;      ///< the newest, if there was one
  std::optional<RecordReport> record;        ///< the same
  std::optional<MahimahiLogReport> mahimahi_log;
  std::optional<FlowSnapshot> flows;  ///< since ready, if flows are counted
  std::uint64_t trace_lost = 0;       ///< packets that could not be printed
  std::vector<std::string> notes;     ///< what the user should know, a sentence each
};

}  // namespace tunrelay
