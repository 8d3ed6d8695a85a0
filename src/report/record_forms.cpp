// SPDX-License-Identifier: MIT
#include "report/record_forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "base/clock.hpp"
#include "base/figure.hpp"
#include "base/units.hpp"
#include "report/escape.hpp"

namespace tunrelay {
namespace {

constexpr std::array<std::string_view, 3> kLimited{"rate ", "steps ", "trace "};

bool begins_with_any(const std::string& text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words,
                             [&text](std::string_view word) { return text.starts_with(word); });
}

std::string number_or_nothing(std::uint64_t number) {
  return number == 0 ? std::string() : format_count(number);
}

/// "," and the three quantities.
std::string tally_fields(const Tally& tally) {
  return fmt::format(",{},{},{}", tally.packets, tally.segments, tally.bytes);
}

std::string value_fields(const ValueSummary& values) {
  if (values.count == 0) return ",,,,";
  return fmt::format(",{},{},{},{}", values.p50, values.p95, values.p99, values.highest);
}

/// "queue_full=10 aqm=2".
std::string reasons_field(const Drops& drops) {
  std::string field;
  for_each_reason(drops, [&field](DropReason reason, const Tally& dropped) {
    field += fmt::format("{}{}={}", field.empty() ? "" : " ", to_string(reason), dropped.segments);
  });
  return field;
}

constexpr const char* kCsvHeader =
    "from_s,to_s,direction,stage,"
    "in_packets,in_segments,in_bytes,out_packets,out_segments,out_bytes,"
    "dropped_packets,dropped_segments,dropped_bytes,"
    "queued_packets,queued_segments,queued_bytes,"
    "queued_peak_packets,queued_peak_segments,queued_peak_bytes,"
    "marked_segments,delay_p50_ns,delay_p95_ns,delay_p99_ns,delay_max_ns,"
    "late_p50_ns,late_p95_ns,late_p99_ns,late_max_ns,capacity_bits,worker_cpu_ns,"
    "dropped_segments_by_reason\r\n";

}  // namespace

double record_seconds(std::int64_t time_ns) noexcept {
  return static_cast<double>(time_ns) / kNanosecondsPerSecond;
}

std::string direction_name(const RecordHeader& header, std::size_t direction) {
  return fmt::format("{} -> {}", header.devices.at(direction), header.devices.at(1 - direction));
}

double bits_per_s(std::uint64_t bytes, const RecordInterval& interval) {
  constexpr double kBitsPerByte = 8;
  const double time_s = record_seconds(interval.to_ns - interval.from_ns);
  return time_s > 0 ? static_cast<double>(bytes) * kBitsPerByte / time_s : 0;
}

std::optional<std::size_t> queueing_stage(const std::vector<std::string>& stages) {
  constexpr std::array<std::string_view, 1> kDelay{"delay "};
  for (const std::span<const std::string_view> words :
       {std::span<const std::string_view>(kLimited), std::span<const std::string_view>(kDelay)}) {
    const auto found = std::ranges::find_if(
        stages, [words](const std::string& stage) { return begins_with_any(stage, words); });
    if (found != stages.end()) return static_cast<std::size_t>(found - stages.begin());
  }
  return std::nullopt;
}

std::string reason_title(DropReason reason) {
  if (reason == DropReason::kAqm) return "AQM";
  std::string title(to_string(reason));
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

TextTable drops_table(const Record& record) {
  TextTable table{.columns = {{.title = "direction"},
                              {.title = "dropped by"},
                              {.title = "reason"},
                              {.title = "wire segments", .right = true},
                              {.title = "of those it had", .right = true, .optional = 1}},
                  .rows = {}};
  struct Sum {
    std::string name;
    Tally taken;
    Drops dropped;
  };
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    // A stage is known by its text: one that has come back goes on. The first one is the relay.
    std::vector<Sum> sums{{"the relay", {}, {}}};
    for (const RecordInterval& interval : record.intervals) {
      const DirectionInterval& done = interval.directions.at(direction);
      const std::vector<std::string>& texts = record.link_of(interval).stages.at(direction);
      sums.front().taken += done.read;
      sums.front().dropped += done.dropped;
      for (std::size_t at = 0; at < done.stages.size(); ++at) {
        auto sum = std::ranges::find(sums, texts.at(at), &Sum::name);
        if (sum == sums.end()) sum = sums.insert(sums.end(), {texts.at(at), {}, {}});
        sum->taken += done.stages[at].taken;
        sum->dropped += done.stages[at].dropped;
        sums.front().dropped -= done.stages[at].dropped;
      }
    }
    for (const Sum& sum : sums)
      for_each_reason(sum.dropped, [&](DropReason reason, const Tally& dropped) {
        table.add({direction_name(record.header, direction), sum.name, reason_title(reason),
                   format_count(dropped.segments),
                   sum.taken.segments == 0
                       ? ""
                       : fmt::format("{:.3g} %", 100 * static_cast<double>(dropped.segments) /
                                                     static_cast<double>(sum.taken.segments))});
      });
  }
  return table;
}

TextTable record_table(const Record& record) {
  TextTable table{.columns = {{.title = "at", .right = true},
                              {.title = "direction"},
                              {.title = "in", .right = true, .optional = 1},
                              {.title = "out", .right = true},
                              {.title = "capacity", .right = true, .optional = 2},
                              {.title = "drops", .right = true},
                              {.title = "queue", .right = true},
                              {.title = "delay p50", .right = true},
                              {.title = "p99", .right = true, .optional = 3}},
                  .rows = {}};
  for (const RecordInterval& interval : record.intervals)
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      const DirectionInterval& done = interval.directions.at(direction);
      if (done.read.packets + done.written.packets + done.queued.packets == 0 &&
          done.dropped.sum().segments == 0)
        continue;
      std::vector<std::string> cells{fmt::format("{:.3f} s", record_seconds(interval.from_ns)),
                                     direction_name(record.header, direction),
                                     format_rate(bits_per_s(done.read.bytes, interval)),
                                     format_rate(bits_per_s(done.written.bytes, interval)),
                                     "",
                                     number_or_nothing(done.dropped.sum().segments),
                                     "",
                                     "",
                                     ""};
      if (const auto at = queueing_stage(record.link_of(interval).stages.at(direction))) {
        const StageInterval& stage = done.stages.at(*at);
        constexpr std::uint64_t kBitsPerByte = 8;
        if (stage.capacity_bits)
          cells[4] = format_rate(bits_per_s(*stage.capacity_bits / kBitsPerByte, interval));
        cells[6] = format_bytes(stage.queued_peak.bytes);
        if (stage.delay_ns.count != 0) {
          cells[7] = format_latency(stage.delay_ns.p50);
          cells[8] = format_latency(stage.delay_ns.p99);
        }
      }
      table.add(std::move(cells));
    }
  return table;
}

std::string record_csv(const Record& record) {
  std::string csv = kCsvHeader;
  for (const RecordInterval& interval : record.intervals)
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      const DirectionInterval& done = interval.directions.at(direction);
      const std::string place =
          fmt::format("{:.9f},{:.9f},{}", record_seconds(interval.from_ns),
                      record_seconds(interval.to_ns), direction == 0 ? "a_to_b" : "b_to_a");
      // One worker serves both directions, so its time stands with the first.
      const std::uint64_t cpu_ns = std::accumulate(interval.worker_cpu_ns.begin(),
                                                   interval.worker_cpu_ns.end(), std::uint64_t{0});
      csv += place + "," + tally_fields(done.read) + tally_fields(done.written) +
             tally_fields(done.dropped.sum()) + tally_fields(done.queued) + ",,," + "," +
             value_fields({}) + value_fields({}) + "," + "," +
             (direction == 0 ? std::to_string(cpu_ns) : std::string()) + "," +
             reasons_field(done.dropped) + "\r\n";
      const std::vector<std::string>& texts = record.link_of(interval).stages.at(direction);
      for (std::size_t at = 0; at < done.stages.size(); ++at) {
        const StageInterval& stage = done.stages[at];
        csv += place + "," + escape_csv(texts.at(at)) + tally_fields(stage.taken) +
               tally_fields(stage.passed) + tally_fields(stage.dropped.sum()) +
               tally_fields(stage.queued) + tally_fields(stage.queued_peak) +
               fmt::format(",{}", stage.marked) + value_fields(stage.delay_ns) +
               value_fields(stage.late_ns) + "," +
               (stage.capacity_bits ? std::to_string(*stage.capacity_bits) : std::string()) + ",," +
               reasons_field(stage.dropped) + "\r\n";
      }
    }
  return csv;
}

}  // namespace tunrelay
