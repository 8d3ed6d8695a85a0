// SPDX-License-Identifier: MIT
// A thread that proves the path when it is asked to: a probe that is lost is waited for, and
// whoever asks has others to answer meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "os/event_fd.hpp"
#include "tunnel/path_prover.hpp"

namespace tunrelay {

/// Used by one thread.
class ProofThread {
 public:
  /// Called on the thread; to end early when STOPPING is set.
  using Prove =
      std::function<PathVerdict(const TunnelEnds& ends, const std::atomic<bool>& stopping)>;

  /// NAME: the thread's, 15 characters at most. It calls PROVE, again and again.
  ProofThread(const char* name, Prove prove);
  /// Waits for the probe that is under way.
  ~ProofThread();
  ProofThread(const ProofThread&) = delete;
  ProofThread& operator=(const ProofThread&) = delete;

  /// Begins a proof of ENDS. False: one is under way, or its verdict was not taken.
  bool begin(const TunnelEnds& ends);
  /// Readable when take() has something.
  [[nodiscard]] int fd() const noexcept { return done_.fd(); }
  /// What the proof has found, once.
  [[nodiscard]] std::optional<PathVerdict> take();

 private:
  void run();

  Prove prove_;
  EventFd done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<TunnelEnds> wanted_;    ///< by mutex_; until the proof is over
  std::optional<PathVerdict> verdict_;  ///< by mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tunrelay
