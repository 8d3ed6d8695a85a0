// SPDX-License-Identifier: MIT
#include "link/link_series.hpp"

#include <algorithm>
#include <utility>

#include "link/stage_factory.hpp"

namespace tunrelay {

LinkSeries::LinkSeries(const EmulatedLink& link, std::int64_t begin_ns) : begin_ns_(begin_ns) {
  const auto parts = link.parts();
  for (std::size_t direction = 0; direction < parts.size(); ++direction)
    for (const LinkStage& stage : parts.at(direction)) {
      Part part{.text = stage.text,
                .instances = {},
                .pace = make_pace(stage.choice, link.origin_ns()),
                .seen = {}};
      for (const auto& counters : stage.counters)
        part.instances.push_back(
            {counters, HistogramReader(counters->delay_ns), HistogramReader(counters->late_ns)});
      parts_.at(direction).push_back(std::move(part));
    }
}

std::array<std::vector<std::string>, 2> LinkSeries::texts() const {
  std::array<std::vector<std::string>, 2> texts;
  for (std::size_t direction = 0; direction < parts_.size(); ++direction)
    for (const Part& part : parts_.at(direction)) texts.at(direction).push_back(part.text);
  return texts;
}

std::array<std::vector<StageInterval>, 2> LinkSeries::next(std::int64_t now_ns) {
  std::array<std::vector<StageInterval>, 2> intervals;
  for (std::size_t direction = 0; direction < parts_.size(); ++direction)
    for (Part& part : parts_.at(direction)) intervals.at(direction).push_back(next(part, now_ns));
  begin_ns_ = now_ns;
  return intervals;
}

StageInterval LinkSeries::next(Part& part, std::int64_t now_ns) {
  StageInterval sum;
  for (Instance& instance : part.instances) {
    const StageCounters& counters = *instance.counters;
    sum.taken += counters.taken.get();
    sum.passed += counters.passed.get();
    sum.dropped += counters.dropped.get();
    sum.marked += counters.marked.get();
    const Tally queued = counters.queued.get();
    sum.queued += queued;
    sum.queued_peak += instance.counters->queued_peak.take(queued);
  }
  StageInterval interval = sum;
  interval.taken -= part.seen.taken;
  interval.passed -= part.seen.passed;
  interval.dropped -= part.seen.dropped;
  interval.marked -= part.seen.marked;
  part.seen = sum;
  values_.clear();
  for (Instance& instance : part.instances) instance.delay_ns.take(values_);
  interval.delay_ns = values_.summary();
  values_.clear();
  for (Instance& instance : part.instances) instance.late_ns.take(values_);
  interval.late_ns = values_.summary();
  if (part.pace) interval.capacity_bits = part.pace->offered_bits(begin_ns_, now_ns);
  return interval;
}

}  // namespace tunrelay
