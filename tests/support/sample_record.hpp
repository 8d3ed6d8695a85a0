// SPDX-License-Identifier: MIT
// A record to test reports with: a rate that is lowered while it runs, and what goes with it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "record/record.hpp"

namespace tunrelay::test {

/// INTERVALS of 100 ms; the link changes in the middle.
inline Record sample_record(std::size_t intervals = 60) {
  constexpr std::int64_t kIntervalNs = 100 * kNanosecondsPerMillisecond;
  Record record{.header = {.program = "tunrelay 1.2.3",
                           .started_utc = "2026-11-30T00:00:00Z",
                           .title = "iperf3 & co",
                           .devices = {"tun0", "tun1"},
                           .queues = 2,
                           .mtu_bytes = 1500,
                           .interval_ns = kIntervalNs},
                .links = {{.at_ns = 0,
                           .seed = 7,
                           .stages = {{{"delay 10ms", "rate 10mbit limit 100ms codel ecn"}, {}}}}},
                .intervals = {},
                .events = {},
                .end = RecordEnd{}};
  std::int64_t now_ns = 0;
  for (std::size_t at = 0; at < intervals; ++at) {
    const bool is_later = at >= intervals / 2;
    if (at == intervals / 2) {
      record.links.push_back({.at_ns = now_ns, .seed = 8, .stages = {{{"rate 5mbit"}, {}}}});
      record.events.push_back(
          {.at_ns = now_ns + 5, .kind = "broken", .text = "tun0 <is> \"down\""});
    }
    const std::uint64_t segments = is_later ? 41 : 83;
    const Tally bytes{segments / 2, segments, segments * 1500};
    RecordInterval interval{.from_ns = now_ns,
                            .to_ns = now_ns + kIntervalNs,
                            .directions = {},
                            .worker_cpu_ns = {2'000'000 + at * 1'000, 1'000'000}};
    DirectionInterval& forward = interval.directions[0];
    forward.read = {segments, segments + at % 3, (segments + at % 3) * 1500};
    forward.written = bytes;
    forward.dropped.by_reason[static_cast<std::size_t>(DropReason::kQueueFull)] = {0, at % 3, 0};
    forward.queued = {10, 20, 30'000};
    StageInterval queue{
        .taken = forward.read,
        .passed = bytes,
        .dropped = forward.dropped,
        .queued = forward.queued,
        .queued_peak = {12, 24, 36'000 + at * 100},
        .marked = at % 5,
        .delay_ns = {.count = segments,
                     .p50 = 20'000'000 + static_cast<std::int64_t>(at) * 100'000,
                     .p95 = 30'000'000,
                     .p99 = 35'000'000,
                     .highest = 40'000'000},
        .late_ns = {.count = 5, .p50 = 1'000, .p95 = 2'000, .p99 = 3'000, .highest = 4'000},
        .capacity_bits = is_later ? 500'000 : 1'000'000};
    if (!is_later)
      forward.stages.push_back({.taken = forward.read,
                                .passed = forward.read,
                                .dropped = {},
                                .queued = {},
                                .queued_peak = {},
                                .marked = 0,
                                .delay_ns = {},
                                .late_ns = {},
                                .capacity_bits = {}});
    forward.stages.push_back(std::move(queue));
    interval.directions[1].read = {segments / 4, segments / 4, segments * 13};
    interval.directions[1].written = interval.directions[1].read;
    record.intervals.push_back(std::move(interval));
    now_ns += kIntervalNs;
  }
  record.end = RecordEnd{.at_ns = now_ns, .intervals = intervals};
  return record;
}

}  // namespace tunrelay::test
