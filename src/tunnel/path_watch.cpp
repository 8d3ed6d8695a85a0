// SPDX-License-Identifier: MIT
#include "tunnel/path_watch.hpp"

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kBrokenIntervalNs = kNanosecondsPerSecond;
/// The tunnel's end may have to wait that long.
constexpr std::chrono::milliseconds kProbeLimit{500};

PathVerdict prove_twice(const PathProver& prover, const TunnelEnds& ends,
                        const std::atomic<bool>& stopping) {
  PathVerdict first = prover.prove(ends, kProbeLimit, &stopping);
  if (first.proven()) return first;
  PathVerdict second = prover.prove(ends, kProbeLimit, &stopping);
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    second.probes_sent.at(direction) += first.probes_sent.at(direction);
    second.probes_crossed.at(direction) += first.probes_crossed.at(direction);
  }
  return second;
}

}  // namespace

PathWatch::PathWatch(const PathProver& prover, std::int64_t interval_ns)
    : interval_ns_(interval_ns),
      begun_ns_(monotonic_ns()),
      proofs_("path-watch", [&prover](const TunnelEnds& ends, const std::atomic<bool>& stopping) {
        return prove_twice(prover, ends, stopping);
      }) {}

void PathWatch::attend(const TunnelEnds& ends, bool is_proven) {
  const std::int64_t interval_ns =
      is_proven ? interval_ns_ : std::min(interval_ns_, kBrokenIntervalNs);
  const std::int64_t now_ns = monotonic_ns();
  if (now_ns - begun_ns_ >= interval_ns && proofs_.begin(ends)) begun_ns_ = now_ns;
}

}  // namespace tunrelay
