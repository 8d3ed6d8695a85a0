// SPDX-License-Identifier: MIT
#include "report/record_spans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/figure.hpp"
#include "base/units.hpp"
#include "report/record_forms.hpp"

namespace tunrelay {
namespace {

constexpr std::string_view kMark = "mark";
constexpr std::string_view kBegins = ": begins";
constexpr std::string_view kEnds = ": ends";

/// What one direction did in a span.
struct SpanSum {
  std::int64_t time_ns = 0;
  Tally written;
  Drops dropped;
  std::int64_t highest_p99_ns = 0;  ///< of the delay in the queue
};

SpanSum sum_of(const Record& record, const RecordSpan& span, std::size_t direction) {
  SpanSum sum;
  for (const RecordInterval& interval : record.intervals) {
    if (interval.from_ns < span.from_ns || interval.to_ns > span.to_ns) continue;
    const DirectionInterval& done = interval.directions.at(direction);
    sum.time_ns += interval.to_ns - interval.from_ns;
    sum.written += done.written;
    sum.dropped += done.dropped;
    if (const auto at = queueing_stage(record.link_of(interval).stages.at(direction)))
      sum.highest_p99_ns = std::max(sum.highest_p99_ns, done.stages.at(*at).delay_ns.p99);
  }
  return sum;
}

std::string drops_text(const Drops& drops) {
  std::string text;
  for_each_reason(drops, [&text](DropReason reason, const Tally& dropped) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason_title(reason),
                        format_count(dropped.segments));
  });
  return text;
}

}  // namespace

std::vector<RecordSpan> record_spans(const Record& record) {
  std::vector<RecordSpan> spans;
  for (const RecordEvent& event : record.events) {
    if (event.kind != kMark) continue;
    const std::string_view text = event.text;
    if (text.ends_with(kBegins)) {
      const std::string name(text.substr(0, text.size() - kBegins.size()));
      spans.push_back({.name = name, .from_ns = event.at_ns, .to_ns = event.at_ns});
    } else if (text.ends_with(kEnds)) {
      const std::string_view name = text.substr(0, text.size() - kEnds.size());
      // The newest of that name: a search may try the same twice.
      const auto span = std::find_if(spans.rbegin(), spans.rend(), [name](const RecordSpan& other) {
        return other.name == name;
      });
      if (span != spans.rend()) span->to_ns = event.at_ns;
    }
  }
  return spans;
}

TextTable span_table(const Record& record) {
  constexpr double kBitsPerByte = 8;
  TextTable table{.columns = {{.title = "sample"},
                              {.title = "at", .right = true, .optional = 1},
                              {.title = "direction"},
                              {.title = "out", .right = true},
                              {.title = "drops"},
                              {.title = "delay p99, highest", .right = true}},
                  .rows = {}};
  for (const RecordSpan& span : record_spans(record))
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      const SpanSum sum = sum_of(record, span, direction);
      if (sum.time_ns == 0 || sum.written.packets + sum.dropped.sum().segments == 0) continue;
      table.add({span.name, fmt::format("{:.3f} s", record_seconds(span.from_ns)),
                 direction_name(record.header, direction),
                 format_rate(static_cast<double>(sum.written.bytes) * kBitsPerByte /
                             record_seconds(sum.time_ns)),
                 drops_text(sum.dropped),
                 sum.highest_p99_ns == 0 ? "" : format_latency(sum.highest_p99_ns)});
    }
  return table;
}

}  // namespace tunrelay
