// SPDX-License-Identifier: MIT
// What a tunnel chooses for itself where its options leave it open.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "device/steering.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

struct EngineChoice {
  EngineKind kind = EngineKind::kUring;
  std::string reason;  ///< why it is not uring; empty for uring
};

/// uring where this host allows it. Throws an unsupported-environment Error when uring is WANTED
/// and forbidden.
EngineChoice choose_engine(std::optional<EngineKind> wanted);

struct QueueChoice {
  std::size_t count = 1;  ///< queue pairs
  SpreadFlows spread = SpreadFlows::kAll;
  std::string reason{};  ///< for people: why so many, where it is not for the CPUs alone

  friend bool operator==(const QueueChoice&, const QueueChoice&) = default;
};

/// As many queue pairs as CPUs of this process can serve, or one where a device of the names
/// in OPTIONS exists and was made without multi_queue. Where not all flows are to be spread, it
/// holds only if the kernel takes the program that steers them. Throws Error.
QueueChoice choose_queues(const TunnelOptions& options);
/// The same for CPUS of them, where --queues leaves it open and the devices don't exist.
QueueChoice queues_for_cpus(std::size_t cpus, const LinkDescription& link);

/// As requested; otherwise busy polling as long as it pays, but where batches must grow.
BusyPollRule choose_busy_poll(const TunnelOptions& options);

}  // namespace tunrelay
