// SPDX-License-Identifier: MIT
// What a relay does from one look to the next, as a record has it: counters that the workers count
// anyway, read at intervals of the reader's own.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "link/emulated_link.hpp"
#include "link/link_series.hpp"
#include "metrics/lane_counters.hpp"
#include "record/flow_series.hpp"
#include "record/record.hpp"

namespace tunrelay {

/// What was counted until one moment.
struct RelayReading {
  std::array<LaneCounts, kDirections> lanes;
  std::vector<std::uint64_t> worker_cpu_ns;
};

/// Used by one thread at a time.
class IntervalReader {
 public:
  using Read = std::function<RelayReading()>;
  using ReadFlows = std::function<FlowSnapshot()>;
  struct Beginning {
    std::int64_t ready_ns = 0;  ///< CLOCK_MONOTONIC; what all times count from
    bool is_at_ready = true;    ///< the first interval begins then, with all counts; else now
    Peaks peaks = Peaks::kTaken;
    ReadFlows read_flows{};  ///< the FlowSeries::kMaxFollowed largest; empty: none are counted
  };

  /// READ gives all that was counted until now.
  IntervalReader(const Beginning& beginning, const EmulatedLink& link, Read read);

  /// The interval since the last one, until NOW_NS (CLOCK_MONOTONIC).
  /// WITH_FLOWS: they are looked at, however short ago they were.
  [[nodiscard]] RecordInterval next(std::int64_t now_ns, bool with_flows = false);
  /// The stages are LINK's since AT_NS after the tunnel was ready.
  void follow(const EmulatedLink& link, std::int64_t at_ns);
  /// The link that is followed.
  [[nodiscard]] const RecordLink& link() const noexcept { return link_; }

 private:
  std::int64_t ready_ns_;
  Peaks peaks_;
  Read read_;
  ReadFlows read_flows_;
  FlowSeries flows_;
  std::int64_t flows_seen_ns_;  ///< when they were looked at
  RelayReading seen_;
  RecordLink link_;
  std::unique_ptr<LinkSeries> series_;
  std::int64_t begin_ns_;  ///< of the interval
};

}  // namespace tunrelay
