// SPDX-License-Identifier: MIT
// What one lane has seen, counted by its worker and readable by any thread at any time.
// The law, whenever the lane is at rest, in packets, segments and bytes alike:
//   read + made == written + queued + sum(dropped by reason)
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/counter.hpp"
#include "base/drop_reason.hpp"
#include "base/tally.hpp"

namespace tunrelay {

/// One lane's counters at one moment, as plain numbers; sums over lanes with +=.
struct LaneCounts {
  Tally read;
  Tally made;  ///< by stages: copies, frames of their own, headers of segments split off
  Tally written;
  Tally queued;
  std::array<Tally, kDropReasons> dropped;
  std::uint64_t writes = 0;  ///< write operations; fewer than packets where they coalesce
  std::uint64_t path_probes = 0;
  // Packets lost since the target refused them merged into one. Merging of that protocol has then
  // ended in this lane.
  std::uint64_t refused_merged_tcp = 0;
  std::uint64_t refused_merged_udp = 0;
  std::uint64_t refused_big_tcp = 0;  ///< beyond 64 KiB
  std::uint64_t big_tcp_writes = 0;   ///< merged ones beyond 64 KiB
  std::uint64_t split_big_tcp = 0;    ///< of those, which went in their parts
  // What stages have queued at most in one queue: memory, in whole pages, and packets.
  std::uint64_t queued_bytes_peak = 0;
  std::uint64_t queued_packets_peak = 0;

  LaneCounts& operator+=(const LaneCounts& other) noexcept {
    read += other.read;
    made += other.made;
    written += other.written;
    queued += other.queued;
    for (std::size_t reason = 0; reason < dropped.size(); ++reason)
      dropped[reason] += other.dropped[reason];
    writes += other.writes;
    path_probes += other.path_probes;
    refused_merged_tcp += other.refused_merged_tcp;
    refused_merged_udp += other.refused_merged_udp;
    refused_big_tcp += other.refused_big_tcp;
    big_tcp_writes += other.big_tcp_writes;
    split_big_tcp += other.split_big_tcp;
    queued_bytes_peak = std::max(queued_bytes_peak, other.queued_bytes_peak);
    queued_packets_peak = std::max(queued_packets_peak, other.queued_packets_peak);
    return *this;
  }
  /// What has happened since OTHER, an earlier reading of the same lanes. What was queued then
  /// counts as read since. Peaks stay those of the whole time.
  LaneCounts& operator-=(const LaneCounts& other) noexcept {
    read += other.queued;
    read -= other.read;
    made -= other.made;
    written -= other.written;
    for (std::size_t reason = 0; reason < dropped.size(); ++reason)
      dropped[reason] -= other.dropped[reason];
    writes -= other.writes;
    path_probes -= other.path_probes;
    refused_merged_tcp -= other.refused_merged_tcp;
    refused_merged_udp -= other.refused_merged_udp;
    refused_big_tcp -= other.refused_big_tcp;
    big_tcp_writes -= other.big_tcp_writes;
    split_big_tcp -= other.split_big_tcp;
    return *this;
  }
  /// Packets of all that the target refused merged into one.
  [[nodiscard]] std::uint64_t refused_merged() const noexcept {
    return refused_merged_tcp + refused_merged_udp + refused_big_tcp;
  }
  [[nodiscard]] Tally dropped_in_all() const noexcept {
    Tally sum;
    for (const Tally& reason : dropped) sum += reason;
    return sum;
  }
  [[nodiscard]] bool balanced() const noexcept {
    return read + made == written + queued + dropped_in_all();
  }
};

/// Written by the lane's worker alone. On cache lines of its own, so that a reader's look
/// costs a neighbour nothing.
struct alignas(64) LaneCounters {
  TallyCounter read;
  TallyCounter made;
  TallyCounter written;
  TallyCounter queued;
  std::array<TallyCounter, kDropReasons> dropped;
  Counter writes;
  Counter path_probes;
  Counter refused_merged_tcp;
  Counter refused_merged_udp;
  Counter refused_big_tcp;
  Counter big_tcp_writes;
  Counter split_big_tcp;
  Counter queued_bytes_peak;
  Counter queued_packets_peak;
  Counter last_path_nonce;  ///< of the newest path probe that passed

  [[nodiscard]] LaneCounts snapshot() const noexcept {
    LaneCounts counts;
    counts.read = read.get();
    counts.made = made.get();
    counts.written = written.get();
    counts.queued = queued.get();
    for (std::size_t reason = 0; reason < dropped.size(); ++reason)
      counts.dropped[reason] = dropped[reason].get();
    counts.writes = writes.get();
    counts.path_probes = path_probes.get();
    counts.refused_merged_tcp = refused_merged_tcp.get();
    counts.refused_merged_udp = refused_merged_udp.get();
    counts.refused_big_tcp = refused_big_tcp.get();
    counts.big_tcp_writes = big_tcp_writes.get();
    counts.split_big_tcp = split_big_tcp.get();
    counts.queued_bytes_peak = queued_bytes_peak.get();
    counts.queued_packets_peak = queued_packets_peak.get();
    return counts;
  }
};

}  // namespace tunrelay
