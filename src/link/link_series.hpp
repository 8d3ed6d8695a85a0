// SPDX-License-Identifier: MIT
// What the stages of an emulated link do from one look to the next.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/drops.hpp"
#include "base/tally.hpp"
#include "link/emulated_link.hpp"
#include "metrics/histogram_reader.hpp"
#include "stage/link_pace.hpp"

namespace tunrelay {

/// What one stage did in an interval.
struct StageInterval {
  Tally taken;  ///< given to the stage
  Tally passed;
  Drops dropped;
  Tally queued;       ///< at the interval's end
  Tally queued_peak;  ///< the most of each at one moment
  std::uint64_t marked = 0;
  ValueSummary delay_ns;  ///< of wire segments that left it: their time in this stage
  ValueSummary late_ns;   ///< how late queued packets were released, by wake-up
  /// What a link of limited speed could have carried; nothing for other stages.
  std::optional<std::uint64_t> capacity_bits;

  bool operator==(const StageInterval&) const = default;
};

/// Who has a queue's peaks: whoever takes one begins it again, so one series alone may.
enum class Peaks {
  kTaken,
  kLeft,  ///< for another one: queued_peak is what is queued at the interval's end
};

/// Used by one thread, which may be any while the link is in use. It may outlive the link.
class LinkSeries {
 public:
  /// The first interval has all that LINK's stages have counted; its capacity counts from BEGIN_NS
  /// (CLOCK_MONOTONIC).
  LinkSeries(const EmulatedLink& link, std::int64_t begin_ns, Peaks peaks);

  /// LINK is in use from NOW_NS on, the end of the last interval. Stages that have taken over from
  /// their former count on.
  void follow(const EmulatedLink& link, std::int64_t now_ns);

  /// Canonical texts, by direction.
  [[nodiscard]] std::array<std::vector<std::string>, 2> texts() const;
  /// The interval that ends at NOW_NS, by direction and stage.
  [[nodiscard]] std::array<std::vector<StageInterval>, 2> next(std::int64_t now_ns);

 private:
  struct Instance {
    std::shared_ptr<StageCounters> counters;
    HistogramReader delay_ns;
    HistogramReader late_ns;
  };
  struct Part {
    std::string text;
    std::vector<Instance> instances;
    std::unique_ptr<LinkPace> pace;  ///< null: no link of limited speed
    std::int64_t origin_ns = 0;      ///< of the pace
    StageInterval seen;              ///< sums of all intervals so far

    [[nodiscard]] bool counts_into(
        const std::vector<std::shared_ptr<StageCounters>>& counters) const;
  };
  [[nodiscard]] StageInterval next(Part& part, std::int64_t now_ns);

  std::array<std::vector<Part>, 2> parts_;
  IntervalValues values_;
  std::int64_t begin_ns_ = 0;
  Peaks peaks_;
};

}  // namespace tunrelay
