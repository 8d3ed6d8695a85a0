// SPDX-License-Identifier: MIT
#include "link/link_series.hpp"

#include <algorithm>
#include <utility>

#include "link/stage_factory.hpp"

namespace tunrelay {

LinkSeries::LinkSeries(const EmulatedLink& link, std::int64_t begin_ns, Peaks peaks)
    : peaks_(peaks) {
  follow(link, begin_ns);
}

void LinkSeries::follow(const EmulatedLink& link, std::int64_t now_ns) {
  begin_ns_ = now_ns;
  const auto links_parts = link.parts();
  for (std::size_t direction = 0; direction < links_parts.size(); ++direction) {
    std::vector<Part> former = std::exchange(parts_.at(direction), {});
    for (const LinkStage& stage : links_parts.at(direction)) {
      const std::size_t place = parts_.at(direction).size();
      Part& part = parts_.at(direction).emplace_back();
      if (place < former.size() && former[place].counts_into(stage.counters))
        part = std::move(former[place]);
      else
        for (const auto& counters : stage.counters)
          part.instances.push_back(
              {counters, HistogramReader(counters->delay_ns), HistogramReader(counters->late_ns)});
      if (part.text == stage.text && part.origin_ns == stage.origin_ns) continue;
      part.text = stage.text;
      part.origin_ns = stage.origin_ns;
      part.pace = make_pace(stage.choice, stage.origin_ns);
    }
  }
}

bool LinkSeries::Part::counts_into(
    const std::vector<std::shared_ptr<StageCounters>>& counters) const {
  return std::equal(instances.begin(), instances.end(), counters.begin(), counters.end(),
                    [](const Instance& instance, const std::shared_ptr<StageCounters>& other) {
                      return instance.counters == other;
                    });
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
    sum.queued_peak +=
        peaks_ == Peaks::kTaken ? instance.counters->queued_peak.take(queued) : queued;
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
