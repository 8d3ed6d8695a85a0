// SPDX-License-Identifier: MIT
#include "tunnel/path_prover.hpp"

#include <random>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "route/apply/applier.hpp"
#include "route/model/host_state.hpp"
#include "route/watch/path_probe.hpp"

namespace tunrelay {
namespace {

// On a busy host probes are late rather than lost: more of them are sent.
constexpr int kMaxProbesOfABusyHost = 3;

std::uint64_t draw_nonce() {
  thread_local std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

/// What distinguishes a full queue from a blocked path, by direction.
struct Load {
  std::array<std::uint64_t, kDirections> queue_dropped{};
  std::array<std::uint64_t, kDirections> read{};
};

Load load_of(const TunnelEnds& ends, const Relay& relay, const EndSocketSource& sockets) {
  Applier applier(sockets);
  Load load;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const TunnelEnd& source = ends_of(ends, direction).source;
    const std::size_t index = index_of(direction);
    if (const auto reading = read_interface(applier.socket(source.netns), source.device))
      load.queue_dropped.at(index) = reading->counters.tx_dropped;
    load.read.at(index) = relay.counts(direction).read.packets;
  }
  return load;
}

bool is_congested(const PathVerdict& verdict, const Load& before, const Load& after) {
  for (std::size_t index = 0; index < kDirections; ++index)
    if (verdict.probes_sent.at(index) != verdict.probes_crossed.at(index) &&
        after.queue_dropped.at(index) != before.queue_dropped.at(index) &&
        after.read.at(index) != before.read.at(index))
      return true;
  return false;
}

}  // namespace

PathVerdict PathProver::prove(const TunnelEnds& ends, std::chrono::milliseconds probe_limit,
                              const std::atomic<bool>* stopping) const {
  PathVerdict verdict{.begun_ns = monotonic_ns()};
  try {
    const PathCheck check = check_path(ends, source_);
    verdict.finding = check.summary();
    verdict.tables_lead_across = verdict.proven();
    const Load before = load_of(ends, relay_, source_);
    for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
      for (const IpFamily family : families_of(ends.a)) {
        // One that is lost says it all, and each is waited for.
        if (!verdict.proven()) break;
        if (stopping != nullptr && *stopping)
          verdict.finding = "The check was ended.";
        else
          probe(ends, direction, family, probe_limit, verdict);
      }
    }
    if (!verdict.proven())
      verdict.congested = is_congested(verdict, before, load_of(ends, relay_, source_));
  } catch (const Error& error) {
    verdict.finding = error.what();
  }
  return verdict;
}

void PathProver::probe(const TunnelEnds& ends, Direction direction, IpFamily family,
                       std::chrono::milliseconds probe_limit, PathVerdict& verdict) const {
  for (int probes = 1;; ++probes) {
    const std::uint64_t nonce = draw_nonce();
    const std::lock_guard lock(one_probe_);
    const ProbeResult result = probe_path(ends, direction, family, nonce, probe_limit, source_);
    ++verdict.probes_sent.at(index_of(direction));
    // The proof is ours alone: the relay has seen this very number pass.
    if (result.crossed() && relay_.saw_path_nonce(direction, nonce)) {
      ++verdict.probes_crossed.at(index_of(direction));
      return;
    }
    if (result.host_busy && probes < kMaxProbesOfABusyHost) continue;
    if (!verdict.proven()) return;
    verdict.finding =
        result.crossed() ? result.text + " But the relay has not seen it." : result.text;
    verdict.host_busy = result.host_busy;
    return;
  }
}

}  // namespace tunrelay
