// SPDX-License-Identifier: MIT
#include "tunnel/offload_control.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "base/error.hpp"
#include "tunnel/big_tcp_proof.hpp"

namespace tunrelay {
namespace {

HoldRelay hold(Relay& relay) {
  return [&relay](const std::function<void()>& act) { relay.between_turns(act); };
}

}  // namespace

std::optional<OffloadState> without_suspect(OffloadState now, SelfTestFinding::Part part) {
  using Part = SelfTestFinding::Part;
  auto& [offloads, merge] = now;
  if (part == Part::kUdpSegment && offloads.uso)
    offloads.uso = false;
  else if (part != Part::kTcp && (merge[0].udp || merge[1].udp))
    merge[0].udp = merge[1].udp = false;
  else if (offloads.any())
    offloads = {};
  else if (merge[0].any() || merge[1].any())
    merge = {kNoMerging, kNoMerging};
  else
    return {};
  return now;
}

OffloadControl::OffloadControl(std::vector<Device>& devices, bool wants_offloads,
                               bool wants_merging)
    : devices_(devices) {
  if (devices_[0].offloads() != devices_[1].offloads()) {
    for (Device& device : devices_)
      if (device.has_virtio_net_header()) device.change_offloads({});
    offload_reasons_.fill("the two devices do not offer the same; make both with vnet_hdr");
  }
  for (std::size_t end = 0; end < devices_.size(); ++end) {
    const Device& device = devices_[end];
    const bool may_merge = wants_merging && device.has_virtio_net_header();
    merge_.at(end) = {.tcp = may_merge && device.known_offloads().tso4,
                      .udp = may_merge && device.known_offloads().uso};
    if (wants_offloads && offload_reasons_.at(end).empty())
      offload_reasons_.at(end) = device.has_virtio_net_header()
                                     ? device.known_offloads().missing()
                                     : device.name() + " was made without vnet_hdr";
    if (may_merge && !merge_.at(end).udp) merging_reason_ = device.known_offloads().missing();
  }
}

void OffloadControl::test(const TunnelEnds& ends, std::uint32_t mtu_bytes, Relay& relay) {
  while (state().any()) {
    const SelfTestScope scope{.udp_segment = state().offloads.checksum,
                              .merged_udp = merge_[0].udp || merge_[1].udp};
    const auto finding = run_self_test(ends, mtu_bytes, scope, hold(relay));
    if (!finding) return;
    const auto less = without_suspect(state(), finding->part);
    if (!less)
      throw_unsupported_error("carry packets unchanged through", ends.a.device, finding->text,
                              "a firewall or NAT rule may change or drop the tunnel's packets");
    change_to(*less, "the self-test found: " + finding->text, relay);
  }
}

void OffloadControl::try_big_tcp(const TunnelEnds& ends, bool kernel_takes_them, Relay& relay) {
  const Offloads& offloads = devices_[0].offloads();
  if (!offloads.tso4 || !offloads.tso6 || !merge_[0].tcp || !merge_[1].tcp) return;
  if (!devices_[0].made_by_us() || !devices_[1].made_by_us()) return;
  const auto explain = [this](const std::string& why) {
    merging_reason_ += merging_reason_.empty() ? "" : "; ";
    merging_reason_ += "no TCP packets of more than 64 KiB: " + why;
  };
  if (!kernel_takes_them) return explain("Linux 6.3 and later take them");
  const auto before = merge_;
  for (MergeRules& rules : merge_) rules.big_tcp = true;
  relay.change_merging(merge_);
  const auto finding = prove_big_tcp(ends, hold(relay), [&relay](Direction direction) {
    return relay.counts(direction).big_tcp_writes;
  });
  if (!finding) return;
  merge_ = before;
  relay.change_merging(merge_);
  explain("the self-test found: " + *finding);
}

void OffloadControl::change_to(const OffloadState& state, const std::string& reason, Relay& relay) {
  if (state.offloads != devices_[0].offloads()) {
    for (Device& device : devices_) device.change_offloads(state.offloads);
    offload_reasons_.fill(reason);
  }
  if (state.merge != merge_) {
    merge_ = state.merge;
    relay.change_merging(merge_);
    merging_reason_ = reason;
  }
}

void OffloadControl::attend(const Relay& relay, std::vector<TunnelEvent>& events) {
  std::uint64_t refused = 0;
  std::string targets;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const LaneCounts counts = relay.counts(direction);
    const std::uint64_t packets = counts.refused_merged();
    if (packets == 0) continue;
    refused += packets;
    const char* protocol = counts.refused_merged_udp != 0   ? "UDP"
                           : counts.refused_merged_tcp != 0 ? "TCP"
                                                            : "BIG TCP";
    targets += fmt::format("{}{} refused {} packets that were merged into {} super-packets",
                           targets.empty() ? "" : ", ",
                           devices_[index_of(opposite(direction))].name(), packets, protocol);
  }
  if (refused == std::exchange(refused_packets_, refused)) return;
  merging_reason_ = targets;
  events.push_back({TunnelEvent::Kind::kNote,
                    targets + "; they are lost (target_refused), and none are merged any more."});
}

void OffloadControl::fill_in(TunnelReport& report, const Relay& relay) const {
  for (std::size_t end = 0; end < devices_.size(); ++end) {
    report.ends.at(end).offloads = devices_[end].offloads().to_string();
    report.ends.at(end).offload_reason = offload_reasons_.at(end);
  }
  report.merging = merged_both_ways(relay);
  report.merging_reason = merging_reason_;
}

MergeRules OffloadControl::merged_both_ways(const Relay& relay) const {
  MergeRules rules{.big_tcp = true};
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const LaneCounts counts = relay.counts(direction);
    const MergeRules& target = merge_.at(index_of(opposite(direction)));
    rules.tcp = rules.tcp && target.tcp && counts.refused_merged_tcp == 0;
    rules.udp = rules.udp && target.udp && counts.refused_merged_udp == 0;
    rules.big_tcp = rules.big_tcp && target.big_tcp && counts.refused_big_tcp == 0;
  }
  return rules;
}

}  // namespace tunrelay
