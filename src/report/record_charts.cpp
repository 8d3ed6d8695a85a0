// SPDX-License-Identifier: MIT
#include "report/record_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/figure.hpp"
#include "report/chart_parts.hpp"
#include "report/escape.hpp"
#include "report/record_forms.hpp"
#include "report/thin_record.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

/// What an interval says; not a number where it says nothing.
using ValueOf = std::function<double(const RecordInterval&)>;

struct Line {
  std::string name;
  std::size_t color = 0;
  std::size_t dash = 0;
  const char* mode = "line";
  ValueOf value;
};

struct Chart {
  std::string title;
  std::string unit;  ///< as scale_for() knows it
  std::vector<Line> lines;
  bool is_stacked = false;
};

ordered_json events_of(const Record& record) {
  ordered_json events = ordered_json::array();
  const auto add = [&events](std::int64_t at_ns, const std::string& name) {
    events.push_back({{"x", chart_number(record_seconds(at_ns))}, {"name", clean_line(name)}});
  };
  for (std::size_t at = 1; at < record.links.size(); ++at)
    add(record.links[at].at_ns, "the link was changed");
  for (const RecordEvent& event : record.events)
    if (event.kind != "note") add(event.at_ns, event.kind + ": " + event.text);
  return events;
}

void add_chart(ordered_json& charts, const Record& record, const Chart& chart) {
  double largest = 0;
  for (const RecordInterval& interval : record.intervals)
    for (const Line& line : chart.lines)
      if (const double value = line.value(interval); value > largest) largest = value;
  if (largest == 0) return;
  const Scale scale = scale_for(chart.unit, largest);
  const bool is_time = chart.unit == "ns";
  ordered_json lines = ordered_json::array();
  for (const Line& line : chart.lines) {
    ordered_json x = ordered_json::array();
    ordered_json y = ordered_json::array();
    bool has_any = false;
    for (const RecordInterval& interval : record.intervals) {
      const double value = line.value(interval) / (is_time ? 1 : scale.divisor);
      x.push_back(
          chart_number(record_seconds(interval.from_ns + (interval.to_ns - interval.from_ns) / 2)));
      y.push_back(chart_number(value));
      has_any = has_any || value > 0;
    }
    if (!has_any) continue;
    lines.push_back({{"name", line.name},
                     {"color", line.color},
                     {"dash", line.dash},
                     {"mode", line.mode},
                     {"x", std::move(x)},
                     {"y", std::move(y)}});
  }
  charts.push_back({{"title", chart.title},
                    {"group", "time"},
                    {"stacked", chart.is_stacked},
                    {"events", events_of(record)},
                    {"x",
                     {{"label", "time, s"},
                      {"name", "at"},
                      {"unit", "s"},
                      {"kind", "linear"},
                      {"span",
                       {chart_number(record_seconds(record.intervals.front().from_ns)),
                        chart_number(record_seconds(record.intervals.back().to_ns))}}}},
                    {"y",
                     {{"label", is_time ? "" : scale.unit},
                      {"unit", is_time ? "ns" : scale.unit},
                      {"kind", "linear"},
                      {"zero", true}}},
                    {"lines", std::move(lines)}});
}

/// The stage of DIRECTION that INTERVAL's queue is in; null where there is none.
const StageInterval* queue_of(const Record& record, const RecordInterval& interval,
                              std::size_t direction) {
  const auto at = queueing_stage(record.link_of(interval).stages.at(direction));
  return at ? &interval.directions.at(direction).stages.at(*at) : nullptr;
}

/// More of them look alike in a chart.
constexpr std::size_t kMaxFlowLines = 6;

/// The flows of RECORD that have most bytes in DIRECTION, the largest first.
std::vector<FlowInterval> largest_flows(const Record& record, std::size_t direction) {
  std::vector<FlowInterval> sums;
  for (const RecordInterval& interval : record.intervals) join(sums, interval.flows);
  const auto bytes_of = [direction](const FlowInterval& flow) {
    return flow.directions.at(direction).read.bytes;
  };
  std::erase_if(sums, [&bytes_of](const FlowInterval& flow) { return bytes_of(flow) == 0; });
  std::stable_sort(sums.begin(), sums.end(),
                   [&bytes_of](const FlowInterval& left, const FlowInterval& right) {
                     return bytes_of(left) > bytes_of(right);
                   });
  if (sums.size() > kMaxFlowLines) sums.resize(kMaxFlowLines);
  return sums;
}

/// The intervals in which flows were looked at, each as long as what it says of them.
Record with_looks_alone(Record record) {
  std::erase_if(record.intervals,
                [](const RecordInterval& interval) { return interval.flows_ns == 0; });
  for (RecordInterval& interval : record.intervals)
    interval.from_ns = interval.to_ns - interval.flows_ns;
  return record;
}

/// A line for each of the most frequent reasons, and one for the others.
std::vector<Line> drop_lines(const Record& record, std::size_t direction) {
  Drops sums;
  for (const RecordInterval& interval : record.intervals)
    sums += interval.directions.at(direction).dropped;
  std::vector<DropReason> reasons;
  for_each_reason(sums, [&reasons](DropReason reason, const Tally&) { reasons.push_back(reason); });
  std::stable_sort(reasons.begin(), reasons.end(), [&sums](DropReason one, DropReason other) {
    return sums.of(one).segments > sums.of(other).segments;
  });
  constexpr std::array<std::size_t, 4> kColours{7, 3, 0, 6};
  std::vector<Line> lines;
  for (std::size_t at = 0; at < std::min(reasons.size(), kColours.size()); ++at) {
    // The last line is of all reasons that are left.
    const bool is_rest = at + 1 == kColours.size() && reasons.size() > kColours.size();
    const std::vector<DropReason> of(
        reasons.begin() + static_cast<std::ptrdiff_t>(at),
        is_rest ? reasons.end() : reasons.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    lines.push_back({"dropped, " + (is_rest ? "other" : reason_title(of.front())), kColours.at(at),
                     at, at == 0 ? "area" : "line",
                     [direction, of](const RecordInterval& interval) {
                       std::uint64_t segments = 0;
                       for (const DropReason reason : of)
                         segments += interval.directions.at(direction).dropped.of(reason).segments;
                       return static_cast<double>(segments);
                     }});
  }
  return lines;
}

void add_flow_charts(ordered_json& charts, const Record& whole, std::size_t direction) {
  const Record record = with_looks_alone(whole);
  Chart throughput{
      .title = "Throughput by flow", .unit = "bits_per_s", .lines = {}, .is_stacked = true};
  Chart round_trips{.title = "Round trips by flow", .unit = "ns", .lines = {}};
  for (const FlowInterval& flow : largest_flows(record, direction)) {
    const auto of_flow = [flow, direction](const RecordInterval& interval) {
      for (const FlowInterval& other : interval.flows)
        if (is_same(flow, other)) return other.directions.at(direction);
      return FlowDirectionInterval{};
    };
    const std::size_t color = throughput.lines.size();
    const std::string name =
        fmt::format("{} {} > {}", flow.protocol, direction == 0 ? flow.a : flow.b,
                    direction == 0 ? flow.b : flow.a);
    throughput.lines.push_back({name, color, 0, "area", [of_flow](const RecordInterval& interval) {
                                  return bits_per_s(of_flow(interval).read.bytes, interval);
                                }});
    round_trips.lines.push_back(
        {name, color, color % kChartDashes, "line", [of_flow](const RecordInterval& interval) {
           const FlowDirectionInterval values = of_flow(interval);
           return values.rtts == 0 ? std::nan("") : static_cast<double>(values.mean_rtt_ns);
         }});
  }
  add_chart(charts, record, throughput);
  add_chart(charts, record, round_trips);
}

}  // namespace

ordered_json direction_charts(const Record& record, std::size_t direction) {
  ordered_json charts = ordered_json::array();
  const auto of_queue = [&record,
                         direction](const std::function<double(const StageInterval&)>& of) {
    return [&record, direction, of](const RecordInterval& interval) {
      const StageInterval* stage = queue_of(record, interval, direction);
      return stage == nullptr ? std::nan("") : of(*stage);
    };
  };
  const auto delay = [&](std::int64_t ValueSummary::*value) {
    return of_queue([value](const StageInterval& stage) {
      return stage.delay_ns.count == 0 ? std::nan("") : static_cast<double>(stage.delay_ns.*value);
    });
  };
  add_chart(charts, record,
            {.title = "Throughput",
             .unit = "bits_per_s",
             .lines = {{"out", 0, 0, "area",
                        [direction](const RecordInterval& interval) {
                          return bits_per_s(interval.directions.at(direction).written.bytes,
                                            interval);
                        }},
                       {"in", 1, 1, "line",
                        [direction](const RecordInterval& interval) {
                          return bits_per_s(interval.directions.at(direction).read.bytes, interval);
                        }},
                       {"capacity", 6, 2, "line", [&](const RecordInterval& interval) {
                          const StageInterval* stage = queue_of(record, interval, direction);
                          return stage == nullptr || !stage->capacity_bits
                                     ? std::nan("")
                                     : bits_per_s(1, interval) / 8 *
                                           static_cast<double>(*stage->capacity_bits);
                        }}}});
  add_flow_charts(charts, record, direction);
  add_chart(charts, record,
            {.title = "Delay in the queue",
             .unit = "ns",
             .lines = {{"p50", 2, 0, "area", delay(&ValueSummary::p50)},
                       {"p95", 0, 1, "line", delay(&ValueSummary::p95)},
                       {"p99", 3, 2, "line", delay(&ValueSummary::p99)}}});
  add_chart(charts, record,
            {.title = "Queue, at its peak",
             .unit = "bytes",
             .lines = {{"queued", 5, 0, "area", of_queue([](const StageInterval& stage) {
                          return static_cast<double>(stage.queued_peak.bytes);
                        })}}});
  std::vector<Line> drops = drop_lines(record, direction);
  drops.push_back({"marked", 4, 1, "line", of_queue([](const StageInterval& stage) {
                     return static_cast<double>(stage.marked);
                   })});
  add_chart(
      charts, record,
      {.title = "Drops and marks, wire segments", .unit = "ratio", .lines = std::move(drops)});
  return charts;
}

ordered_json worker_charts(const Record& record) {
  ordered_json charts = ordered_json::array();
  std::size_t workers = 0;
  for (const RecordInterval& interval : record.intervals)
    workers = std::max(workers, interval.worker_cpu_ns.size());
  Chart chart{.title = "CPU time of the workers", .unit = "% of a CPU", .lines = {}};
  // More lines look alike.
  for (std::size_t worker = 0; worker < std::min(workers, kChartColours); ++worker)
    chart.lines.push_back({fmt::format("queue {}", worker), worker, worker % kChartDashes, "line",
                           [worker](const RecordInterval& interval) {
                             if (worker >= interval.worker_cpu_ns.size()) return std::nan("");
                             const std::int64_t time_ns = interval.to_ns - interval.from_ns;
                             return time_ns <= 0
                                        ? std::nan("")
                                        : 100 *
                                              static_cast<double>(interval.worker_cpu_ns[worker]) /
                                              static_cast<double>(time_ns);
                           }});
  add_chart(charts, record, chart);
  return charts;
}

}  // namespace tunrelay
