// SPDX-License-Identifier: MIT
#include "tunnel/path_watch.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "os/signal_block.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kBrokenIntervalNs = kNanosecondsPerSecond;
/// The tunnel's end may have to wait that long.
constexpr std::chrono::milliseconds kProbeLimit{500};

}  // namespace

PathWatch::PathWatch(const PathProver& prover, std::int64_t interval_ns)
    : prover_(prover),
      interval_ns_(interval_ns),
      begun_ns_(monotonic_ns()),
      thread_([this] { run(); }) {}

PathWatch::~PathWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void PathWatch::attend(const TunnelEnds& ends, bool is_proven) {
  const std::int64_t interval_ns =
      is_proven ? interval_ns_ : std::min(interval_ns_, kBrokenIntervalNs);
  const std::int64_t now_ns = monotonic_ns();
  if (now_ns - begun_ns_ < interval_ns) return;
  {
    const std::lock_guard lock(mutex_);
    if (wanted_) return;
    wanted_ = ends;
  }
  begun_ns_ = now_ns;
  changed_.notify_one();
}

std::optional<PathVerdict> PathWatch::take() {
  static_cast<void>(done_.drain());
  const std::lock_guard lock(mutex_);
  return std::exchange(verdict_, std::nullopt);
}

void PathWatch::run() {
  block_signals();
  ::pthread_setname_np(::pthread_self(), "path-watch");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    const TunnelEnds ends = *wanted_;
    lock.unlock();
    PathVerdict verdict = prove_twice(ends);
    lock.lock();
    verdict_ = std::move(verdict);
    wanted_.reset();
    done_.signal();
  }
}

PathVerdict PathWatch::prove_twice(const TunnelEnds& ends) const {
  try {
    PathVerdict first = prover_.prove(ends, kProbeLimit, &stopping_);
    if (first.proven()) return first;
    PathVerdict second = prover_.prove(ends, kProbeLimit, &stopping_);
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      second.probes_sent.at(direction) += first.probes_sent.at(direction);
      second.probes_crossed.at(direction) += first.probes_crossed.at(direction);
    }
    return second;
  } catch (const std::exception& error) {
    return {.finding = error.what()};  // out of memory, for one: no reason to end the tunnel
  }
}

}  // namespace tunrelay
