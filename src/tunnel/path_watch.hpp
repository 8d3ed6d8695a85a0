// SPDX-License-Identifier: MIT
// The standing check: a firewall, or a setting of a device, can close the path without a message
// from the kernel. So a probe for each direction and family crosses every few seconds.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "os/event_fd.hpp"
#include "tunnel/path_prover.hpp"

namespace tunrelay {

/// Used by one thread; the checks run in one of its own, since a probe that is lost is waited for.
class PathWatch {
 public:
  /// PROVER must outlive it. INTERVAL_NS: between the beginnings of two checks; while the path is
  /// broken at most a second.
  PathWatch(const PathProver& prover, std::int64_t interval_ns);
  /// Waits for the probe that is under way.
  ~PathWatch();
  PathWatch(const PathWatch&) = delete;
  PathWatch& operator=(const PathWatch&) = delete;

  /// Begins a check of ENDS when one is due. To be called once a second at least.
  void attend(const TunnelEnds& ends, bool is_proven);
  /// Readable when take() has something.
  [[nodiscard]] int fd() const noexcept { return done_.fd(); }
  /// What the newest check has found, once. A finding was made twice: the first may have met a
  /// moment at which this host was busy.
  [[nodiscard]] std::optional<PathVerdict> take();

 private:
  void run();
  [[nodiscard]] PathVerdict prove_twice(const TunnelEnds& ends) const;

  const PathProver& prover_;
  std::int64_t interval_ns_;
  std::int64_t begun_ns_;  ///< the newest check, or the watch
  EventFd done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<TunnelEnds> wanted_;    ///< by mutex_; until the check is over
  std::optional<PathVerdict> verdict_;  ///< by mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tunrelay
