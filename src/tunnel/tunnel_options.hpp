// SPDX-License-Identifier: MIT
// The options of a tunnel, before anything is done.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "capture/capture_options.hpp"
#include "device/device_type.hpp"
#include "link/description.hpp"
#include "os/process.hpp"
#include "plugin/stage_library.hpp"
#include "record/recorder.hpp"
#include "relay/relay.hpp"
#include "route/model/tunnel_ends.hpp"
#include "sandbox/thread_sandbox.hpp"
#include "scenario/scenario.hpp"

namespace tunrelay {

struct EndOptions {
  std::string device;
  std::vector<IpPrefix> addresses;
  std::string netns;  ///< of the strategy `namespaces`
};

/// The defaults are the article's: tun0 192.168.13.1, tun1 192.168.13.2, and fd13::1, fd13::2.
struct TunnelOptions {
  EndOptions a{.device = "tun0",
               .addresses = {IpPrefix::parse("192.168.13.1/24"), IpPrefix::parse("fd13::1/64")},
               .netns = "tunrelay-a"};
  EndOptions b{.device = "tun1",
               .addresses = {IpPrefix::parse("192.168.13.2/24"), IpPrefix::parse("fd13::2/64")},
               .netns = "tunrelay-b"};
  DeviceType type = DeviceType::kTun;
  Strategy strategy = Strategy::kPolicy;
  std::optional<std::size_t> queues;  ///< queue pairs; empty: as the CPUs suggest
  std::uint32_t mtu_bytes = 1500;
  /// A full queue drops, so it must hold a sender's window: 4 MB are 2,900 packets of 1,500 bytes.
  std::uint32_t txqueuelen = 4096;
  std::string congestion_control;  ///< that TCP across begins with; empty: the host's default
  bool offload = true;
  bool coalesce = true;              ///< merge packets of a flow on write
  std::optional<EngineKind> engine;  ///< empty: the best that this host allows
  /// How long a worker looks for the next packet before it sleeps; empty: as long as it pays.
  std::optional<std::int64_t> busy_poll_ns;
  std::int64_t min_wait_ns = 0;  ///< turns begin at least that far apart; not with busy_poll
  std::vector<int> cpus;         ///< where workers are pinned; empty: by hwloc
  LinkDescription link;          ///< what packets meet on their way; empty: nothing
  std::shared_ptr<const Scenario> scenario = nullptr;  ///< what becomes of it; null: it stays
  std::size_t queue_memory_bytes = kDefaultQueueMemoryBytes;  ///< RelayConfig::queue_memory_bytes
  /// Users' own, of libraries or built in; the first is next to the devices, the last next to the
  /// link.
  std::vector<StageRequest> stages;
  bool trace = false;  ///< a line a packet, to trace_file
  std::FILE* trace_file = stdout;
  std::optional<CaptureOptions> capture;  ///< from the start, to a file
  std::optional<RecordOptions> record;    ///< from the start, to a file
  std::string mahimahi_log;               ///< the beginning of two files' names; empty: none
  std::optional<std::size_t> flow_limit;  ///< set: flows are counted, so many at once
  SandboxPolicy sandbox = SandboxPolicy::kAuto;
  /// Whose the process is once it is set up; nothing: it stays. Not where it starts programs.
  std::optional<UserIdentity> user{};
  /// The thread that owns the tunnel starts programs of the user's, or goes on with other things,
  /// and keeps its rights.
  bool starts_programs = true;
  /// Files that the user has named and that it makes, replaces or removes after the start, too, or
  /// in whose folders it does.
  std::vector<std::string> files_changed_later;
  std::vector<std::string> files_read_later;
  std::string application = "tunrelay";  ///< our name and version, for captures and records
  /// Between the beginnings of two standing checks of the path; 0: none.
  std::int64_t path_check_interval_ns = 5'000'000'000;
  double burn_ratio = 0;        ///< for tests: workers use that much more CPU time; 0.05: 5 %
  std::string state_directory;  ///< of the journal; empty: the usual one
  std::vector<std::string> socket_paths;  ///< sockets to be removed at the end, or if we are killed
  /// A process that restores the host if we are killed. It is forked at the start, while there must
  /// be one thread alone.
  bool janitor = true;
  /// Set: the network namespace is private, made when these were left, and goes with us: processes
  /// left in it are ended too.
  std::optional<ProcessNamespaces> left_namespaces;
};

/// What threads that run beside the relay's give up.
[[nodiscard]] inline ThreadRights rights_beside(const TunnelOptions& options) {
  return {.is_confined = options.sandbox != SandboxPolicy::kOff && sandbox_refusal().empty(),
          .user = options.user};
}

/// What stands first in a packet of such a device.
[[nodiscard]] constexpr LinkType link_type_of(DeviceType type) noexcept {
  return type == DeviceType::kTap ? LinkType::kEthernet : LinkType::kIp;
}

/// Throws a usage Error for what can't be: an MTU or a limit out of range, no queue, more than 256.
void check_tunnel_options(const TunnelOptions& options);

/// What its journal and its control socket are called: "tun0-tun1".
[[nodiscard]] std::string instance_name(const TunnelOptions& options);

}  // namespace tunrelay
