// SPDX-License-Identifier: MIT
#include "relay/lane.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "base/path_nonce.hpp"
#include "packet/flow.hpp"

namespace tunrelay {
namespace {

// At most 256 queues (MAX_TAP_QUEUES of drivers/net/tun.c), both ways.
constexpr std::uint64_t kLanesMax = 512;
// How many packets a run is looked for behind: as many flows may take turns.
constexpr std::size_t kMaxLookBack = 16;

}  // namespace

Lane::Lane(std::size_t queue, const LaneEnds& ends, LinkType link_type,
           const std::atomic<std::uint32_t>& mtu_bytes, Engine& engine, BufferArena& arena,
           std::vector<std::unique_ptr<Stage>> stages)
    : queue_(static_cast<std::uint16_t>(queue)),
      ends_(ends),
      link_type_(link_type),
      mtu_bytes_(mtu_bytes),
      arena_(arena),
      writer_(ends.target, engine),
      exit_(*this),
      chain_(make_chain(std::move(stages))) {}

Lane::~Lane() = default;

void Lane::settle(const Turn& turn) noexcept {
  const WriteOutcome& outcome = turn.writes[ends_.target.endpoint];
  if (outcome.written.packets + outcome.written.segments != 0)
    counters_.written.add(outcome.written);
  // Writes are done and nothing is received yet: what is used now is queued.
  if (!chain_->empty()) counters_.queued_bytes_peak.raise(arena_.used_bytes(ends_.source));
  if (outcome.split_big_tcp != 0) counters_.split_big_tcp.add(outcome.split_big_tcp);
  if (!outcome.any_dropped) return;
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    if (outcome.dropped[reason].segments != 0)
      counters_.dropped[reason].add(outcome.dropped[reason]);
  end_refused_merging(outcome);
}

void Lane::end_refused_merging(const WriteOutcome& outcome) noexcept {
  // What this target refuses is built no more: the packets of this one batch are lost.
  MergeRules rules = writer_.merging();
  const std::uint64_t tcp = outcome.refused_merged[static_cast<std::size_t>(Merged::kTcp)];
  const std::uint64_t udp = outcome.refused_merged[static_cast<std::size_t>(Merged::kUdp)];
  const std::uint64_t big_tcp = outcome.refused_merged[static_cast<std::size_t>(Merged::kBigTcp)];
  if (tcp + udp + big_tcp == 0) return;
  rules.tcp = rules.tcp && tcp == 0;
  rules.udp = rules.udp && udp == 0;
  rules.big_tcp = rules.big_tcp && big_tcp == 0;
  writer_.change_merging(rules);
  counters_.refused_merged_tcp.add(tcp);
  counters_.refused_merged_udp.add(udp);
  counters_.refused_big_tcp.add(big_tcp);
}

void Lane::receive(const Arrival& arrival, std::int64_t now_ns) noexcept {
  // A slot has room for the header in front of the frame, whether or not one was read.
  std::byte* slot = arena_.data(arrival.buffer);
  Packet packet;
  packet.buffer = arrival.buffer;
  packet.queue = queue_;
  packet.frame = slot + kVirtioNetHeaderBytes;
  packet.arrival_ns = now_ns;
  packet.handed_ns = now_ns;
  packet.id = ++packets_read_ * kLanesMax + queue_ * kDirections + ends_.source;
  if (!ends_.source_has_header) {
    packet.frame_bytes = arrival.length;
  } else if (arrival.length > kVirtioNetHeaderBytes) {
    packet.header = load_virtio_net_header(slot);
    packet.frame_bytes = arrival.length - static_cast<std::uint32_t>(kVirtioNetHeaderBytes);
  }
  std::optional<DropReason> fault;
  // The kernel cuts what does not fit the buffer without reporting it.
  if (kVirtioNetHeaderBytes + packet.frame_bytes >= BufferArena::kSlotBytes)
    fault = DropReason::kTruncated;
  else
    fault = parse(packet, {link_type_, mtu_bytes_.load(std::memory_order_relaxed)});
  if (fault) packet.header = {};  // counts as one segment, whatever it claimed
  counters_.read.add(tally_of(packet));
  if (tap_) tap_->arrived(packet);
  if (fault) return drop(packet, *fault);
  keep(packet);
  if (!arena_.may_queue(ends_.source)) return drop(packet, DropReason::kQueueMemoryFull);
  note_path_probe(packet);
  batch_.push(packet);
}

void Lane::keep(Packet& packet) noexcept {
  const std::size_t bytes = kVirtioNetHeaderBytes + packet.frame_bytes;
  arena_.note_use(packet.buffer, bytes);
  // After packets that are queued it is likely to be queued itself.
  if (counters_.queued.get().packets == 0) return;
  packet.buffer = arena_.compact(packet.buffer, bytes);
  packet.frame = arena_.data(packet.buffer) + kVirtioNetHeaderBytes;
}

void Lane::forward(std::int64_t now_ns) noexcept {
  writer_.begin_turn();
  if (former_chain_) flush_former_chain(now_ns);
  if (chain_->empty()) {
    write(batch_);
  } else {
    chain_->process({batch_.begin(), batch_.size()}, now_ns);
    batch_.clear();
    write(leaving_);
  }
  if (chain_->empty() && !former_chain_) return;
  const Tally queued = chain_->queued() + (former_chain_ ? former_chain_->queued() : Tally{});
  counters_.queued.set(queued);
  counters_.queued_packets_peak.raise(queued.packets);
}

void Lane::change_chain(std::unique_ptr<StageChain> chain) noexcept {
  ensure(!former_chain_, "a change of stages begins when the one before has ended");
  former_chain_ = std::exchange(chain_, std::move(chain));
}

std::unique_ptr<StageChain> Lane::take_former_chain() noexcept {
  if (former_chain_ && former_chain_->queued() != Tally{}) return nullptr;
  counters_.queued.set(chain_->queued());
  return std::move(former_chain_);
}

void Lane::flush_former_chain(std::int64_t now_ns) noexcept {
  former_chain_->flush(now_ns);
  write(leaving_);
}

Deadline Lane::deadline() const noexcept {
  Deadline earliest = chain_->deadline();
  if (former_chain_) earliest.join(former_chain_->deadline());
  return earliest;
}

void Lane::abandon() noexcept {
  for (const Packet& packet : batch_) drop(packet, DropReason::kShutdown);
  batch_.clear();
  counters_.dropped[static_cast<std::size_t>(DropReason::kShutdown)].add(counters_.queued.get());
  counters_.queued.set({});
}

void Lane::drop(const Packet& packet, DropReason reason) noexcept {
  counters_.dropped[static_cast<std::size_t>(reason)].add(tally_of(packet));
  if (tap_) tap_->dropped(packet, reason);
  arena_.release(packet.buffer);
}

Packet* Lane::run_before(const Packet& packet) noexcept {
  if (packet.run.first == 0) return nullptr;
  const std::size_t looked_at = std::min<std::size_t>(leaving_.size(), kMaxLookBack);
  for (std::size_t back = 1; back <= looked_at; ++back) {
    Packet& earlier = leaving_[leaving_.size() - back];
    if (earlier.buffer == packet.buffer)
      return earlier.run.last == packet.run.first && earlier.traffic_class == packet.traffic_class
                 ? &earlier
                 : nullptr;
    if (earlier.layers.payload_offset != 0 && is_same_flow(earlier, packet)) return nullptr;
  }
  return nullptr;
}

void Lane::leave(const Packet& packet) noexcept {
  // Runs of one frame that leave behind each other leave as one, whichever stage cut them, and
  // whatever of other flows stands between: a queue for each flow lets them out in turn.
  if (Packet* earlier = run_before(packet)) {
    earlier->run.last = packet.run.last;
    return arena_.release(packet.buffer);
  }
  if (leaving_.full()) write(leaving_);
  leaving_.push(packet);
}

void Lane::Exit::copy(const Packet& packet) noexcept {
  lane_.counters_.made.add(tally_of(packet));
  lane_.arena_.retain(packet.buffer);
}

std::optional<FrameBuffer> Lane::Exit::take_buffer(const Packet& /*like*/) noexcept {
  if (!lane_.arena_.may_queue(lane_.ends_.source)) return std::nullopt;
  const auto buffer = lane_.arena_.take_for_frame(lane_.ends_.source);
  if (!buffer) return std::nullopt;
  return FrameBuffer{*buffer, lane_.queue_, lane_.arena_.data(*buffer) + kVirtioNetHeaderBytes};
}

void Lane::Exit::commit(const Packet& packet) noexcept {
  lane_.counters_.made.add(tally_of(packet));
  lane_.arena_.note_use(packet.buffer, kVirtioNetHeaderBytes + packet.frame_bytes);
}

void Lane::Exit::consume(const Packet& packet) noexcept {
  lane_.counters_.made.subtract(tally_of(packet));
  lane_.arena_.release(packet.buffer);
}

void Lane::write(Batch& packets) noexcept {
  if (packets.empty()) return;
  if (tap_)
    for (const Packet& packet : packets) tap_->left(packet);
  const WriteCount count = writer_.write({packets.begin(), packets.size()});
  counters_.writes.add(count.writes);
  if (count.big_tcp != 0) counters_.big_tcp_writes.add(count.big_tcp);
  packets.clear();
}

void Lane::note_path_probe(const Packet& packet) noexcept {
  if (packet.layers.protocol != IPPROTO_UDP || packet.payload().size() != kPathProbeBytes) return;
  if (const auto nonce = read_path_probe(packet.payload())) {
    counters_.path_probes.add(1);
    counters_.last_path_nonce.set(*nonce);
  }
}

}  // namespace tunrelay
