// The proof that packets cross, and that they cross unchanged.
#include <time.h>

#include <chrono>
#include <random>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "route/path_probe.hpp"
#include "tunnel/self_test.hpp"
#include "tunnel/tunnel.hpp"

namespace tunrelay {
namespace {

// A path that was just made may need a moment: neighbours are looked up on a TAP.
// The first probes may be lost in it, so they are not waited for as long as later ones.
constexpr std::int64_t kFirstProofLimitNs = 5 * kNanosecondsPerSecond;
// On a busy host probes are late rather than lost: more of them are sent, and for longer.
constexpr std::int64_t kBusyProofLimitNs = 20 * kNanosecondsPerSecond;
constexpr int kMostProbesOfABusyHost = 3;
constexpr std::chrono::milliseconds kFirstProbeLimit{200};
constexpr timespec kProofPause{.tv_sec = 0, .tv_nsec = 2 * kNanosecondsPerMillisecond};

std::uint64_t draw_nonce() {
  static std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

Direction to_direction(PathDirection direction) {
  return direction == PathDirection::kAToB ? Direction::kAToB : Direction::kBToA;
}

}  // namespace

bool Tunnel::check_path() {
  return check_path(kProbeTimeLimit);
}

bool Tunnel::check_path(std::chrono::milliseconds probe_limit) {
  ++report_.path.checks;
  report_.path.proven = false;
  report_.path.finding.clear();
  report_.path.host_busy = false;
  const TunnelEnds& ends = applied_->plan().ends;
  const PathCheck check = tunrelay::check_path(ends);
  if (!check.is_whole()) report_.path.finding = check.to_string();
  for (const PathDirection direction : {PathDirection::kAToB, PathDirection::kBToA}) {
    if (!report_.path.finding.empty()) break;
    for (const IpFamily family : families_of(ends.a)) prove_way(direction, family, probe_limit);
  }
  report_.path.proven = report_.path.finding.empty();
  if (!report_.path.proven) ++report_.path.failed_checks;
  return report_.path.proven;
}

void Tunnel::prove_way(PathDirection direction, IpFamily family,
                       std::chrono::milliseconds probe_limit) {
  const Direction lane = to_direction(direction);
  for (int probes = 1;; ++probes) {
    const std::uint64_t nonce = draw_nonce();
    const ProbeResult probe =
        probe_path(applied_->plan().ends, direction, family, nonce, probe_limit);
    ++report_.path.probes_sent.at(index_of(lane));
    // The proof is ours alone: the relay has seen this very number pass.
    const bool seen = relay_->saw_path_nonce(lane, nonce);
    if (probe.crossed() && seen) {
      ++report_.path.probes_crossed.at(index_of(lane));
      return;
    }
    if (probe.host_busy && probes < kMostProbesOfABusyHost) continue;
    if (!report_.path.finding.empty()) return;
    report_.path.finding =
        probe.crossed() ? probe.words + " But the relay has not seen it." : probe.words;
    report_.path.host_busy = probe.host_busy;
    return;
  }
}

void Tunnel::prove_path() {
  const std::int64_t begin_ns = monotonic_ns();
  while (!check_path(kFirstProbeLimit)) {
    const bool is_busy = report_.path.host_busy;
    if (monotonic_ns() - begin_ns > (is_busy ? kBusyProofLimitNs : kFirstProofLimitNs))
      throw_unfit_error("prove the path of", options_.a.device + " <-> " + options_.b.device,
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
}

void Tunnel::self_test() {
  const HoldRelay hold = [this](const std::function<void()>& act) { relay_->between_turns(act); };
  for (;;) {
    const Offloads& offloads = devices_[0].offloads();
    const bool merges_udp = merge_[0].udp || merge_[1].udp;
    if (!offloads.any() && !merges_udp && !merge_[0].tcp && !merge_[1].tcp) return;
    const auto finding =
        run_self_test(applied_->plan().ends, options_.mtu_bytes,
                      {.udp_segment = offloads.checksum, .merged_udp = merges_udp}, hold);
    if (!finding) return;
    if (!switch_off_after(*finding))
      throw_unfit_error("carry packets unchanged through", options_.a.device, finding->text,
                        "a firewall or NAT rule may change or drop the tunnel's packets");
  }
}

bool Tunnel::switch_off_after(const SelfTestFinding& finding) {
  using Part = SelfTestFinding::Part;
  // The least that can be at fault goes first; what is left is tested again.
  Offloads offloads = devices_[0].offloads();
  std::array<MergeRules, kDirections> merge = merge_;
  if (finding.part == Part::kUdpSegment && offloads.uso)
    offloads.uso = false;
  else if (finding.part != Part::kTcp && (merge[0].udp || merge[1].udp))
    merge[0].udp = merge[1].udp = false;
  else if (offloads.any())
    offloads = {};
  else if (merge[0].any() || merge[1].any())
    merge = {kNoMerging, kNoMerging};
  else
    return false;
  const std::string reason = "the self-test found: " + finding.text;
  if (offloads != devices_[0].offloads()) {
    for (Device& device : devices_) device.change_offloads(offloads);
    for (EndReport& end : report_.ends) end.offload_reason = reason;
  }
  if (merge != merge_) {
    merge_ = merge;
    relay_->change_merging(merge_);
    report_.merging_reason = reason;
  }
  return true;
}

}  // namespace tunrelay
