// SPDX-License-Identifier: MIT
// What a tunnel's threads and its process give up once they are set up (--sandbox).
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "relay/relay.hpp"
#include "sandbox/file_access.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

struct SandboxReport {
  SandboxPolicy policy = SandboxPolicy::kOff;
  /// Why the relay threads keep what they have, although the policy is another; empty: they don't.
  std::string refusal;
  /// All that the process still may beyond its user's rights, "cap_net_admin", where it has given
  /// up the rest.
  std::vector<std::string> kept_capabilities;
  bool keeps_few = false;  ///< whether it has
  /// Where it still changes files, where it does so nowhere else; empty: anywhere.
  std::vector<std::string> writable;
  std::string writable_refusal;  ///< why anywhere, although it gave up the rest
};

/// Has the workers of a relay made by CONFIG confined as OPTIONS want. UNCONFINED_STAGE: a user's
/// stage that may make system calls of its own, or empty. Throws Error where that is an obstacle,
/// and there may be none.
SandboxReport confine_workers(const TunnelOptions& options, const std::string& unconfined_stage,
                              RelayConfig& config);

/// Takes from the calling thread what the rest of a tunnel's life does not need, where OPTIONS say
/// that it starts no program of the user's. Throws Error where it must, and this host refuses. What
/// it returns must live as long as the tunnel.
[[nodiscard]] FileAccess confine_process(const TunnelOptions& options, SandboxReport& report);

/// "relay threads: no capabilities, 23 system calls, ring restricted".
[[nodiscard]] std::string sandbox_text(const SandboxReport& report,
                                       const std::vector<WorkerReport>& workers);
[[nodiscard]] nlohmann::ordered_json sandbox_json(const SandboxReport& report);
/// Of one worker's thread.
[[nodiscard]] nlohmann::ordered_json sandbox_json(const WorkerReport& worker);

}  // namespace tunrelay
