// SPDX-License-Identifier: MIT
#include "tunnel/tunnel_path.hpp"

#include <time.h>

#include <exception>
#include <set>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "route/model/host_state.hpp"
#include "route/watch/path_check.hpp"
#include "route/watch/path_probe.hpp"

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
// Between looks at the routing tables when no notification has come: a second is what a broken
// path may stay unnoticed.
constexpr std::int64_t kLookIntervalNs = 900 * kNanosecondsPerMillisecond;

}  // namespace

void TunnelPath::prove_at_start() {
  const std::int64_t begin_ns = monotonic_ns();
  while (!prove(kFirstProbeLimit)) {
    const bool is_busy = report().host_busy;
    if (monotonic_ns() - begin_ns > (is_busy ? kBusyProofLimitNs : kFirstProofLimitNs))
      throw_unsupported_error(
          "prove the path of", ends().a.device + " <-> " + ends().b.device, report().finding,
          is_busy ? "end what else needs the CPUs, or give the relay CPUs of its own "
                    "(--cpus)"
                  : "see what the firewall does to the tunnel's addresses (nft list "
                    "ruleset); --strategy namespaces depends least on the host");
    ::nanosleep(&kProofPause, nullptr);
  }
  accounts_.begin();
}

void TunnelPath::begin_watch(std::int64_t interval_ns) {
  checks_ = std::make_unique<ProofThread>(
      "path-check", [this](const TunnelEnds& ends, const std::atomic<bool>& stopping) {
        return prover_.prove(ends, probe_limit_, &stopping);
      });
  if (interval_ns != 0) watch_ = std::make_unique<PathWatch>(prover_, interval_ns);
}

void TunnelPath::end_watch() noexcept {
  watch_.reset();
  checks_.reset();
}

bool TunnelPath::prove() {
  return prove(kProbeTimeLimit);
}

bool TunnelPath::prove(std::chrono::milliseconds probe_limit) {
  book(prover_.prove(ends(), probe_limit));
  proved_ns_ = monotonic_ns();
  return report().proven;
}

void TunnelPath::prove_at_end() {
  const PathVerdict verdict = prover_.prove(ends(), kLastProbeLimit);
  if (verdict.congested)
    accounts_.count_probes(verdict);
  else
    book(verdict);
}

void TunnelPath::begin_proof() {
  is_asked_ = true;
  if (!is_checking_) begin_check(kProbeTimeLimit);
}

/// One that was asked for goes first.
void TunnelPath::begin_check(std::chrono::milliseconds probe_limit) {
  answers_request_ = std::exchange(is_asked_, false);
  probe_limit_ = answers_request_ ? kProbeTimeLimit : probe_limit;
  is_outdated_ = false;
  is_checking_ = checks_->begin(ends());
}

void TunnelPath::attend(bool has_changed, std::vector<TunnelEvent>& events) {
  attend_watch(events);
  is_outdated_ = is_outdated_ || (has_changed && is_checking_);
  attend_check(events);
  if (is_checking_) return;
  // Notifications report what changed; the look reports what they do not cover.
  const std::int64_t now_ns = monotonic_ns();
  if (!has_changed && now_ns < next_look_ns_) return;
  next_look_ns_ = now_ns + kLookIntervalNs;
  const bool was_proven = report().proven;
  const bool whole = check_path(ends(), applied_.sockets()).is_whole();
  // Where the tables are right and yet nothing crosses, probes are waited for by the standing
  // check.
  if (!has_changed && (whole == was_proven || (whole && watch_))) return;
  begin_check(kFirstRepeatedProbeLimit);
}

void TunnelPath::attend_check(std::vector<TunnelEvent>& events) {
  if (!is_checking_) return;
  const auto verdict = checks_->take();
  if (!verdict) return;
  is_checking_ = false;
  answers_request_ = false;
  const bool was_proven = report().proven;
  const bool is_last =
      verdict->proven() || !verdict->tables_lead_across || 2 * probe_limit_ > kProbeTimeLimit;
  proved_ns_ = monotonic_ns();
  if (!is_last) {
    accounts_.count_probes(*verdict);
    begin_check(2 * probe_limit_);
    return;
  }
  book(*verdict);
  report_change(was_proven, events);
  // What changes while a probe is under way takes it along.
  if (is_asked_ || is_outdated_) begin_check(kFirstRepeatedProbeLimit);
}

void TunnelPath::attend_watch(std::vector<TunnelEvent>& events) {
  if (!watch_) return;
  const bool was_proven = report().proven;
  const auto verdict = watch_->take();
  // What a newer check has found counts more, and a probe that is lost in a full queue nothing.
  if (verdict && verdict->begun_ns >= proved_ns_ && !verdict->congested) {
    book(*verdict);
    report_change(was_proven, events);
  } else if (verdict) {
    accounts_.count_probes(*verdict);
  }
  watch_->attend(ends(), report().proven);
}

void TunnelPath::report_change(bool was_proven, std::vector<TunnelEvent>& events) const {
  if (auto change = accounts_.change_since(was_proven)) events.push_back(*std::move(change));
}

std::vector<int> TunnelPath::fds() const {
  std::vector<int> fds;
  if (watch_) fds.push_back(watch_->fd());
  if (checks_) fds.push_back(checks_->fd());
  return fds;
}

std::uint64_t TunnelPath::lo_packets() noexcept try {
  std::uint64_t sum = 0;
  for (const std::string& netns : std::set<std::string>{ends().a.netns, ends().b.netns})
    if (const auto reading = read_interface(applied_.applier().socket(netns), "lo"))
      sum += reading->counters.tx_packets;
  return lo_packets_ = sum;
} catch (const std::exception&) {
  return lo_packets_;  // the last reading stands
}

}  // namespace tunrelay
