// SPDX-License-Identifier: MIT
// The standing check: a firewall, or a setting of a device, can close the path without a message
// from the kernel. So a probe for each direction and family crosses every few seconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "tunnel/path_prover.hpp"
#include "tunnel/proof_thread.hpp"

namespace tunrelay {

/// Used by one thread; the checks run in one of its own, since a probe that is lost is waited for.
class PathWatch {
 public:
  /// PROVER must outlive it. INTERVAL_NS: between the beginnings of two checks; while the path is
  /// broken at most a second.
  PathWatch(const PathProver& prover, std::int64_t interval_ns);

  /// Begins a check of ENDS when one is due. To be called once a second at least.
  void attend(const TunnelEnds& ends, bool is_proven);
  /// Readable when take() has something.
  [[nodiscard]] int fd() const noexcept { return proofs_.fd(); }
  /// What the newest check has found, once. A finding was made twice: the first may have met a
  /// moment at which this host was busy.
  [[nodiscard]] std::optional<PathVerdict> take() { return proofs_.take(); }

 private:
  std::int64_t interval_ns_;
  std::int64_t begun_ns_;  ///< the newest check, or the watch
  ProofThread proofs_;
};

}  // namespace tunrelay
