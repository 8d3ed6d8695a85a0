// SPDX-License-Identifier: MIT
// The flows of one worker: both directions of a flow meet in it (device/steering.hpp). Its worker
// alone writes, without a lock; any thread reads. All memory is there from the start: when a flow
// comes for which there is no room, the least recently used one goes, and its sums are kept.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/counter.hpp"
#include "base/direction.hpp"
#include "flow/flow_counters.hpp"
#include "flow/flow_key.hpp"
#include "flow/flow_snapshot.hpp"
#include "flow/quic_analysis.hpp"
#include "flow/tcp_analysis.hpp"
#include "packet/packet.hpp"

namespace tunrelay {

class FlowTable {
 public:
  /// Room for that many flows, at least 1.
  explicit FlowTable(std::size_t flows);

  // The worker's thread. DIRECTION: of the packet. None allocates, blocks or throws.

  /// Packets count from here on: what comes before begin() is not seen.
  void begin() noexcept { has_begun_ = true; }
  /// Read from the source, whole. A malformed packet too, which is dropped next.
  void arrived(const Packet& packet, Direction direction, std::int64_t now_ns) noexcept;
  /// On its way to the target, whole or as a run.
  void left(const Packet& packet, Direction direction, std::int64_t now_ns) noexcept;
  void dropped(const Packet& packet, Direction direction) noexcept;

  // Any thread.

  /// Adds what is in the table to SNAPSHOT; to its `top`, in no order, the TOP largest flows.
  void add_to(FlowSnapshot& snapshot, std::size_t top) const;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// A reader takes a copy between two looks at `generation`: if both are the same even number,
  /// the copy is of one flow. Its counts go on meanwhile.
  struct Record {
    mutable std::atomic<std::uint32_t> generation{
        0};  ///< 0: never used; odd: another flow moves in
    FlowKey key;
    FlowCounters counters;
    TcpAnalysis tcp;  ///< the worker's alone, as the next
    QuicAnalysis quic;
  };
  /// A record's place in the order of use and in its hash chain; dense, for the cache.
  struct Links {
    std::uint32_t newer = kNone, older = kNone;
    std::uint32_t next_in_chain = kNone;
    std::uint32_t bucket = kNone;  ///< kNone: unused
  };
  struct TallyCounters {
    TallyCounter read, written, dropped;
    [[nodiscard]] FlowTallies get() const noexcept {
      return {read.get(), written.get(), dropped.get()};
    }
  };

  [[nodiscard]] Record& find_or_add(const Packet& packet, Direction direction,
                                    std::int64_t now_ns) noexcept;
  [[nodiscard]] std::uint32_t bucket_of(const FlowKey& key) const noexcept;
  [[nodiscard]] std::uint32_t lookup(const FlowKey& key, std::uint32_t bucket) const noexcept;
  /// One that is in no chain and not in the order of use.
  [[nodiscard]] std::uint32_t take_record() noexcept;
  void move_in(Record& record, const FlowKey& key, Direction initiator,
               std::int64_t now_ns) noexcept;
  void keep_sums(const FlowCounters& counters) noexcept;
  static void count(PointCounters& point, const Packet& packet, std::int64_t now_ns) noexcept;
  [[nodiscard]] static std::optional<FlowReport> copy(const Record& record);
  void unlink_from_order(std::uint32_t index) noexcept;
  void link_as_newest(std::uint32_t index) noexcept;
  void unlink_from_chain(std::uint32_t index) noexcept;

  bool has_begun_ = false;
  std::uint64_t hash_seed_;
  std::vector<Record> records_;
  std::vector<Links> links_;
  std::vector<std::uint32_t> buckets_;  ///< the first record of each chain; a power of two
  std::uint32_t used_ = 0;              ///< the first of records_
  std::uint32_t newest_ = kNone, oldest_ = kNone;
  Counter seen_, evicted_, ended_;
  std::array<TallyCounters, kDirections> former_, other_;
};

}  // namespace tunrelay
