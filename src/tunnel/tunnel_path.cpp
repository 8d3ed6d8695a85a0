// SPDX-License-Identifier: MIT
// The proof that packets cross, and that they cross unchanged.
#include <fmt/format.h>
#include <time.h>

#include <chrono>
#include <exception>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "route/model/host_state.hpp"
#include "route/watch/path_probe.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {
namespace {

// A path that was just made may need a moment: neighbours are looked up on a TAP.
// The first probes may be lost in it, so they are not waited for as long as later ones.
constexpr std::int64_t kFirstProofLimitNs = 5 * kNanosecondsPerSecond;
// On a busy host probes are late rather than lost: they are sent for longer.
constexpr std::int64_t kBusyProofLimitNs = 20 * kNanosecondsPerSecond;
constexpr std::chrono::milliseconds kFirstProbeLimit{200};
// A probe that is lost is repeated, with twice the time: together they wait somewhat longer than
// the last one alone, and see what changes meanwhile.
constexpr std::chrono::milliseconds kFirstRepeatedProbeLimit{100};
// Whoever ends a tunnel waits for it; on a busy host it is sent three times.
constexpr std::chrono::milliseconds kLastProbeLimit{250};
constexpr timespec kProofPause{.tv_sec = 0, .tv_nsec = 2 * kNanosecondsPerMillisecond};

void count_probes(const PathVerdict& verdict, PathReport& path) {
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    path.probes_sent.at(direction) += verdict.probes_sent.at(direction);
    path.probes_crossed.at(direction) += verdict.probes_crossed.at(direction);
  }
}

}  // namespace

bool Tunnel::check_path() {
  return check_path(kProbeTimeLimit);
}

bool Tunnel::check_path(std::chrono::milliseconds probe_limit) {
  book(prover_->prove(applied_->plan().ends, probe_limit));
  path_checked_ns_ = monotonic_ns();
  return report_.path.proven;
}

void Tunnel::check_path_at_end() {
  const PathVerdict verdict = prover_->prove(applied_->plan().ends, kLastProbeLimit);
  if (verdict.congested)
    count_probes(verdict, report_.path);
  else
    book(verdict);
}

void Tunnel::prove_again(std::vector<TunnelEvent>& events) {
  for (auto limit = kFirstRepeatedProbeLimit;; limit *= 2) {
    const PathVerdict verdict = prover_->prove(applied_->plan().ends, limit);
    const bool is_last =
        verdict.proven() || !verdict.tables_lead_across || gone_ || 2 * limit > kProbeTimeLimit;
    if (is_last) book(verdict);
    path_checked_ns_ = monotonic_ns();
    if (is_last) return;
    count_probes(verdict, report_.path);
    // What changes while a probe is under way takes it along: so that is looked after first.
    follow_routes(events);
  }
}

void Tunnel::book(const PathVerdict& verdict) {
  PathReport& path = report_.path;
  ++path.checks;
  if (!verdict.proven()) ++path.failed_checks;
  count_probes(verdict, path);
  detour_.book(verdict.proven(), lo_packets());
  path.detour_packets = detour_.total();
  path.proven = verdict.proven();
  path.finding = verdict.finding;
  path.host_busy = verdict.host_busy;
}

void Tunnel::attend_path_watch(std::vector<TunnelEvent>& events) {
  if (!path_watch_) return;
  const bool was_proven = report_.path.proven;
  const auto verdict = path_watch_->take();
  // What a newer check has found counts more, and a probe that is lost in a full queue nothing.
  if (verdict && verdict->begun_ns >= path_checked_ns_ && !verdict->congested) {
    book(*verdict);
    tell_path_change(was_proven, events);
  } else if (verdict) {
    count_probes(*verdict, report_.path);
  }
  path_watch_->attend(applied_->plan().ends, report_.path.proven);
}

void Tunnel::tell_path_change(bool was_proven, std::vector<TunnelEvent>& events) const {
  const PathReport& path = report_.path;
  if (path.proven == was_proven) return;
  const std::string detour = fmt::format("{} packets", format_count(detour_.newest()));
  events.push_back(
      was_proven
          ? TunnelEvent{TunnelEvent::Kind::kBroken,
                        fmt::format("The path is broken (since its last proof lo has carried {}, "
                                    "whoever sent them): {}",
                                    detour, path.finding)}
          : TunnelEvent{TunnelEvent::Kind::kRepaired,
                        fmt::format("The path is whole again. Meanwhile lo has carried {}, whoever "
                                    "sent them.",
                                    detour)});
}

std::uint64_t Tunnel::lo_packets() noexcept try {
  std::uint64_t sum = 0;
  const TunnelEnds& ends = applied_->plan().ends;
  for (const std::string& netns : std::set<std::string>{ends.a.netns, ends.b.netns})
    if (const auto reading = read_interface(applied_->applier().socket(netns), "lo"))
      sum += reading->counters.tx_packets;
  return lo_packets_ = sum;
} catch (const std::exception&) {
  return lo_packets_;  // the last reading stands
}

void Tunnel::prove_path() {
  const std::int64_t begin_ns = monotonic_ns();
  while (!check_path(kFirstProbeLimit)) {
    const bool is_busy = report_.path.host_busy;
    if (monotonic_ns() - begin_ns > (is_busy ? kBusyProofLimitNs : kFirstProofLimitNs))
      throw_unsupported_error(
          "prove the path of", options_.a.device + " <-> " + options_.b.device,
          report_.path.finding,
          is_busy ? "end what else needs the CPUs, or give the relay CPUs of its own "
                    "(--cpus)"
                  : "see what the firewall does to the tunnel's addresses (nft list "
                    "ruleset); --strategy namespaces depends least on the host");
    ::nanosleep(&kProofPause, nullptr);
  }
  // What failed before was the path coming up, no failure of a tunnel that was ready.
  report_.path.checks = 1;
  report_.path.failed_checks = 0;
  report_.path.probes_sent = report_.path.probes_crossed;
  detour_.begin();
  report_.path.detour_packets = 0;
}

}  // namespace tunrelay
