// SPDX-License-Identifier: MIT
#include "flow/flow_table.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <random>
#include <span>
#include <utility>

#include "base/path_nonce.hpp"
#include "packet/ecn.hpp"

namespace tunrelay {
namespace {

/// Whether PACKET is of a flow: TCP or UDP, the whole header there, and not our own.
bool is_of_flow(const Packet& packet) noexcept {
  if (packet.layers.payload_offset == 0) return false;
  return packet.layers.protocol != IPPROTO_UDP || !is_path_probe(packet.payload());
}

std::span<const std::byte> first_datagram(const Packet& packet) noexcept {
  return packet.payload().subspan(
      packet.header.is_gso() ? std::size_t{packet.run.first} * packet.header.gso_size : 0);
}

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace

FlowTable::FlowTable(std::size_t flows)
    : hash_seed_(random_seed()),
      records_(std::max<std::size_t>(flows, 1)),
      links_(records_.size()),
      buckets_(std::bit_ceil(records_.size()), kNone) {}

void FlowTable::arrived(const Packet& packet, Direction direction, std::int64_t now_ns) noexcept {
  if (!has_begun_) return;
  if (!is_of_flow(packet)) return other_[index_of(direction)].read.add(tally_of(packet));
  Record& record = find_or_add(packet, direction, now_ns);
  if (packet.layers.protocol == IPPROTO_TCP) {
    const TcpRun run = tcp_run(packet);
    if (record.tcp.is_of_next_connection(run, direction)) {
      keep_sums(record.counters);
      ended_.add(1);
      move_in(record, FlowKey(packet, direction), direction, now_ns);
    }
    record.tcp.arrived(run, direction, now_ns, record.counters);
  } else {
    record.quic.arrived(first_datagram(packet), direction, now_ns, record.counters);
  }
  count(record.counters.directions[index_of(direction)].read, packet, now_ns);
}

void FlowTable::left(const Packet& packet, Direction direction, std::int64_t now_ns) noexcept {
  if (!has_begun_) return;
  if (!is_of_flow(packet)) return other_[index_of(direction)].written.add(tally_of(packet));
  Record& record = find_or_add(packet, direction, now_ns);
  if (packet.layers.protocol == IPPROTO_TCP)
    record.tcp.left(tcp_run(packet), direction, now_ns, record.counters);
  else
    record.quic.left(first_datagram(packet), direction, now_ns, record.counters);
  count(record.counters.directions[index_of(direction)].written, packet, now_ns);
}

void FlowTable::dropped(const Packet& packet, Direction direction) noexcept {
  if (!has_begun_) return;
  const std::size_t index = index_of(direction);
  if (!is_of_flow(packet)) return other_[index].dropped.add(tally_of(packet));
  const FlowKey key(packet, direction);
  const std::uint32_t found = lookup(key, bucket_of(key));
  // A flow that was evicted meanwhile is not to come back for a drop.
  TallyCounter& dropped =
      found == kNone ? former_[index].dropped : records_[found].counters.directions[index].dropped;
  dropped.add(tally_of(packet));
}

FlowTable::Record& FlowTable::find_or_add(const Packet& packet, Direction direction,
                                          std::int64_t now_ns) noexcept {
  const FlowKey key(packet, direction);
  // Most packets are of the flow of the packet before.
  if (newest_ != kNone && records_[newest_].key == key) return records_[newest_];
  const std::uint32_t bucket = bucket_of(key);
  std::uint32_t index = lookup(key, bucket);
  if (index == kNone) {
    index = take_record();
    links_[index].bucket = bucket;
    links_[index].next_in_chain = std::exchange(buckets_[bucket], index);
    move_in(records_[index], key, direction, now_ns);
  } else {
    unlink_from_order(index);
  }
  link_as_newest(index);
  return records_[index];
}

std::uint32_t FlowTable::bucket_of(const FlowKey& key) const noexcept {
  return key.hash(hash_seed_) & static_cast<std::uint32_t>(buckets_.size() - 1);
}

std::uint32_t FlowTable::lookup(const FlowKey& key, std::uint32_t bucket) const noexcept {
  std::uint32_t index = buckets_[bucket];
  while (index != kNone && !(records_[index].key == key)) index = links_[index].next_in_chain;
  return index;
}

std::uint32_t FlowTable::take_record() noexcept {
  if (used_ < records_.size()) return used_++;
  const std::uint32_t index = oldest_;
  unlink_from_order(index);
  unlink_from_chain(index);
  keep_sums(records_[index].counters);
  evicted_.add(1);
  return index;
}

void FlowTable::move_in(Record& record, const FlowKey& key, Direction initiator,
                        std::int64_t now_ns) noexcept {
  const std::uint32_t generation = record.generation.load(std::memory_order_relaxed);
  record.generation.exchange(generation + 1);
  record.key.publish(key);
  record.counters = {};
  record.tcp = {};
  record.quic = {};
  record.counters.first_ns.set(static_cast<std::uint64_t>(now_ns));
  record.counters.initiator.set(index_of(initiator));
  record.generation.store(generation + 2, std::memory_order_release);
  seen_.add(1);
}

void FlowTable::keep_sums(const FlowCounters& counters) noexcept {
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const FlowDirectionCounters& from = counters.directions[direction];
    former_[direction].read.add(from.read.tally.get());
    former_[direction].written.add(from.written.tally.get());
    former_[direction].dropped.add(from.dropped.get());
  }
}

void FlowTable::count(PointCounters& point, const Packet& packet, std::int64_t now_ns) noexcept {
  point.tally.add(tally_of(packet));
  point.payload_bytes.add(run_payload_bytes(packet));
  if (ecn_of(packet) == kEcnCe) point.ce_segments.add(packet.run.count());
  const auto now = static_cast<std::uint64_t>(now_ns);
  const std::uint64_t last = point.last_ns.get();
  if (last != 0 && now > last) point.longest_gap_ns.raise(now - last);
  point.last_ns.set(now);
}

void FlowTable::unlink_from_order(std::uint32_t index) noexcept {
  const Links& links = links_[index];
  (links.newer == kNone ? newest_ : links_[links.newer].older) = links.older;
  (links.older == kNone ? oldest_ : links_[links.older].newer) = links.newer;
}

void FlowTable::link_as_newest(std::uint32_t index) noexcept {
  links_[index].newer = kNone;
  links_[index].older = newest_;
  (newest_ == kNone ? oldest_ : links_[newest_].newer) = index;
  newest_ = index;
}

void FlowTable::unlink_from_chain(std::uint32_t index) noexcept {
  std::uint32_t* link = &buckets_[links_[index].bucket];
  while (*link != index) link = &links_[*link].next_in_chain;
  *link = links_[index].next_in_chain;
}

std::size_t FlowTable::memory_bytes() const noexcept {
  return records_.size() * (sizeof(Record) + sizeof(Links)) +
         buckets_.size() * sizeof(std::uint32_t);
}

void FlowTable::add_to(FlowSnapshot& snapshot, std::size_t top) const {
  snapshot.seen += seen_.get();
  snapshot.evicted += evicted_.get();
  snapshot.ended += ended_.get();
  snapshot.limit += records_.size();
  snapshot.memory_bytes += memory_bytes();
  std::vector<std::pair<std::uint64_t, const Record*>> by_bytes;
  for (const Record& record : records_) {
    if (record.generation.load(std::memory_order_acquire) == 0) break;
    by_bytes.emplace_back(record.counters.bytes(), &record);
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      const FlowDirectionCounters& from = record.counters.directions.at(direction);
      snapshot.flows.at(direction) +=
          FlowTallies{from.read.tally.get(), from.written.tally.get(), from.dropped.get()};
    }
  }
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    snapshot.former.at(direction) += former_.at(direction).get();
    snapshot.other.at(direction) += other_.at(direction).get();
  }
  const auto middle =
      by_bytes.begin() + static_cast<std::ptrdiff_t>(std::min(top, by_bytes.size()));
  std::partial_sort(by_bytes.begin(), middle, by_bytes.end(), std::greater<>{});
  for (auto at = by_bytes.begin(); at != middle; ++at)
    if (std::optional<FlowReport> report = copy(*at->second)) snapshot.top.push_back(*report);
}

std::optional<FlowReport> FlowTable::copy(const Record& record) {
  // A second flow that moves in meanwhile is one of a few hundred a second: nobody misses it.
  const std::uint32_t before = record.generation.load(std::memory_order_acquire);
  if (before % 2 != 0) return std::nullopt;
  FlowReport report{record.key.published(), record.counters};
  // A read that writes nothing new: unlike a load it can't be done before the copy.
  if (record.generation.fetch_add(0, std::memory_order_acq_rel) != before) return std::nullopt;
  return report;
}

}  // namespace tunrelay
