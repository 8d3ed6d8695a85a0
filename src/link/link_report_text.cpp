// SPDX-License-Identifier: MIT
#include "link/link_report_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/figure.hpp"
#include "base/units.hpp"
#include "metrics/tally_json.hpp"

namespace tunrelay {
namespace {

std::string time_text(const Histogram& histogram, double percentile) {
  return format_latency(histogram.value_at_percentile(percentile));
}

/// "; queue_full 10, aqm 2": wire segments.
std::string reasons_text(const Drops& drops) {
  std::string text;
  for_each_reason(drops, [&text](DropReason reason, const Tally& dropped) {
    text += fmt::format("{}{} {}", text.empty() ? "; " : ", ", to_string(reason),
                        format_count(dropped.segments));
  });
  return text;
}

/// ", 12 marked here": those that are not 0, and that the reasons of drops do not say.
std::string details_text(const StageDetails& details) {
  std::string text;
  for (std::size_t at = 0; at < kStageDetails; ++at) {
    const auto detail = static_cast<StageDetail>(at);
    if (detail == StageDetail::kDroppedFull || detail == StageDetail::kDroppedEarly) continue;
    if (const std::uint64_t count = details.get(detail); count != 0)
      text += fmt::format(", {} {}", format_count(count), kStageDetailNames.at(at).text);
  }
  return text;
}

/// Those that the stage keeps.
nlohmann::ordered_json details_json(const StageDetails& details) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t at = 0; at < kStageDetails; ++at)
    if (const auto detail = static_cast<StageDetail>(at); details.keeps(detail))
      json[std::string(kStageDetailNames.at(at).key)] = details.get(detail);
  return json;
}

nlohmann::ordered_json times_json(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50", histogram.value_at_percentile(50)},
          {"p90", histogram.value_at_percentile(90)},
          {"p99", histogram.value_at_percentile(99)},
          {"p99_9", histogram.value_at_percentile(99.9)},
          {"highest", histogram.highest()}};
}

}  // namespace

std::string link_lines(const LinkReport& link, std::size_t direction) {
  std::string lines;
  bool has_stage_before = false;
  for (const LinkStageReport& stage : link.directions.at(direction)) {
    const StageCounts& counts = stage.counts;
    lines += fmt::format("    {}\n", stage.text);
    const std::uint64_t dropped = counts.dropped.sum().segments;
    lines += fmt::format("      {} wire segments, {} dropped", format_count(counts.taken.segments),
                         format_count(dropped));
    if (counts.taken.segments != 0)
      lines += fmt::format(
          " ({:.4f} %{})",
          100 * static_cast<double>(dropped) / static_cast<double>(counts.taken.segments),
          reasons_text(counts.dropped));
    if (counts.marked != 0) lines += fmt::format(", {} marked", format_count(counts.marked));
    if (stage.answers != 0) lines += fmt::format(", {} answers", format_count(stage.answers));
    lines += details_text(counts.details);
    if (counts.delay_ns.count() != 0)
      lines += fmt::format("; in it p50 {} p99 {}", time_text(counts.delay_ns, 50),
                           time_text(counts.delay_ns, 99));
    // Those of one stage alone are the same.
    if (counts.since_read_ns.count() != 0 && has_stage_before)
      lines +=
          fmt::format("; since they were read p50 {} p99 {}", time_text(counts.since_read_ns, 50),
                      time_text(counts.since_read_ns, 99));
    if (counts.late_ns.count() != 0)
      lines += fmt::format("; releases late p50 {} p99 {}", time_text(counts.late_ns, 50),
                           time_text(counts.late_ns, 99));
    lines += "\n";
    has_stage_before = true;
  }
  return lines;
}

nlohmann::ordered_json link_json(const LinkReport& link) {
  nlohmann::ordered_json json{{"seed", link.seed}};
  for (std::size_t direction = 0; direction < link.directions.size(); ++direction) {
    nlohmann::ordered_json stages = nlohmann::ordered_json::array();
    for (const LinkStageReport& stage : link.directions.at(direction))
      stages.push_back(
          {{"stage", stage.text},
           {"taken", tally_json(stage.counts.taken)},
           {"passed", tally_json(stage.counts.passed)},
           {"dropped", tally_json(stage.counts.dropped.sum())},
           {"dropped_by_reason", drops_json(stage.counts.dropped.by_reason)},
           {"queued", tally_json(stage.counts.queued)},
           {"marked_segments", stage.counts.marked},
           {"answers", stage.answers},
           {"capacity_bits", stage.capacity_bits ? nlohmann::ordered_json(*stage.capacity_bits)
                                                 : nlohmann::ordered_json()},
           {"details", details_json(stage.counts.details)},
           {"delay_ns", times_json(stage.counts.delay_ns)},
           {"since_read_ns", times_json(stage.counts.since_read_ns)},
           {"late_ns", times_json(stage.counts.late_ns)}});
    json[direction == 0 ? "a_to_b" : "b_to_a"] = std::move(stages);
  }
  return json;
}

}  // namespace tunrelay
