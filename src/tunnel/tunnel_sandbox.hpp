// SPDX-License-Identifier: MIT
// What a tunnel's threads and its process give up once they are set up (--sandbox).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "relay/relay.hpp"
#include "sandbox/file_access.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

struct SandboxReport {
  SandboxPolicy policy = SandboxPolicy::kOff;
  std::optional<UserIdentity> user{};  ///< whose the process has become
  /// Namespaces that the process shares with nothing of the host's: "mount", "ipc". That of the
  /// network, which `exec` has, is not meant here.
  std::vector<std::string> own_namespaces;
  std::string ipc_refusal;  ///< why "ipc" is none of them; empty: it is, or need not be
  /// Why the relay threads keep what they have, although the policy is another; empty: they don't.
  std::string refusal;
  /// All that the process still may beyond its user's rights, "cap_net_admin", where it has given
  /// up the rest.
  std::vector<std::string> kept_capabilities;
  bool keeps_few = false;  ///< whether it has
  /// Those of the janitor's processes, which are asked for what needs them.
  std::vector<std::string> helper_capabilities;
  /// Whether it changes files in WRITABLE alone.
  bool is_file_access_limited = false;
  std::vector<std::string> writable;
  std::string writable_refusal;  ///< why anywhere, although it gave up the rest
};

/// Before threads are made: leaves the host's IPC namespace (System V IPC, POSIX message queues),
/// which nothing of ours uses, where this process starts no programs and has no stages of the
/// user's, which may. A mount namespace stays: one that hides nothing would take no right that is
/// still there, and keep what others unmount busy.
void leave_shared_namespaces(const TunnelOptions& options, SandboxReport& report);

/// Has the workers of a relay made by CONFIG confined as OPTIONS want. UNCONFINED_STAGE: a user's
/// stage that may make system calls of its own, or empty. Throws Error where that is an obstacle,
/// and there may be none.
void confine_workers(const TunnelOptions& options, const std::string& unconfined_stage,
                     RelayConfig& config, SandboxReport& report);

/// Whether files that are changed or read later, as OPTIONS name them, take more than the user's
/// own rights.
[[nodiscard]] bool needs_file_rights(const TunnelOptions& options);

/// What the janitor's first process calls to give up what it does not need; empty: nothing.
[[nodiscard]] std::function<void()> confinement_of_janitor(const TunnelOptions& options);

/// Takes from the calling thread what the rest of a tunnel's life does not need, where OPTIONS say
/// that it starts no program of the user's; from then on it is the user's of OPTIONS. Throws Error
/// where it must, and this host refuses. What it returns must live as long as the tunnel.
[[nodiscard]] FileAccess confine_process(const TunnelOptions& options, SandboxReport& report);

/// "relay threads: no capabilities, 23 system calls, ring restricted".
[[nodiscard]] std::string sandbox_text(const SandboxReport& report,
                                       const std::vector<WorkerReport>& workers);
[[nodiscard]] nlohmann::ordered_json sandbox_json(const SandboxReport& report);
/// Of one worker's thread.
[[nodiscard]] nlohmann::ordered_json sandbox_json(const WorkerReport& worker);

}  // namespace tunrelay
