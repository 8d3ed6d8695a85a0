// SPDX-License-Identifier: MIT
#include "record/record_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_fields.hpp"
#include "base/json_text.hpp"
#include "os/input_file.hpp"

namespace tunrelay {

void show_fields(MaybeConst<Tally> auto& tally, const auto& fields) {
  fields.always("packets", tally.packets);
  fields.always("segments", tally.segments);
  fields.always("bytes", tally.bytes);
}

void show_fields(MaybeConst<ValueSummary> auto& values, const auto& fields) {
  fields.always("count", values.count);
  fields.unless_default("p50", values.p50);
  fields.unless_default("p95", values.p95);
  fields.unless_default("p99", values.p99);
  fields.unless_default("max", values.highest);
}

nlohmann::json json_of(const Drops& drops) {
  auto json = nlohmann::json::object();
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    if (const Tally& dropped = drops.by_reason.at(reason); dropped != Tally{})
      json[std::string(to_string(static_cast<DropReason>(reason)))] = json_of(dropped);
  return json;
}

void take_from(const nlohmann::json& from, Drops& drops) {
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    if (const auto found = from.find(to_string(static_cast<DropReason>(reason)));
        found != from.end())
      take_from(*found, drops.by_reason.at(reason));
}

void show_fields(MaybeConst<StageInterval> auto& stage, const auto& fields) {
  fields.always("taken", stage.taken);
  fields.always("passed", stage.passed);
  fields.unless_default("dropped", stage.dropped);
  fields.unless_default("queued", stage.queued);
  fields.unless_default("queued_peak", stage.queued_peak);
  fields.unless_default("marked_segments", stage.marked);
  fields.unless_default("delay_ns", stage.delay_ns);
  fields.unless_default("late_ns", stage.late_ns);
  fields.unless_default("capacity_bits", stage.capacity_bits);
}

void show_fields(MaybeConst<DirectionInterval> auto& direction, const auto& fields) {
  fields.always("read", direction.read);
  fields.unless_default("made", direction.made);
  fields.always("written", direction.written);
  fields.unless_default("dropped", direction.dropped);
  fields.unless_default("queued", direction.queued);
  fields.always("stages", direction.stages);
}

void show_fields(MaybeConst<FlowDirectionInterval> auto& direction, const auto& fields) {
  fields.always("read", direction.read);
  fields.always("written", direction.written);
  fields.unless_default("dropped", direction.dropped);
  fields.unless_default("retransmitted_segments", direction.retransmitted_segments);
  fields.unless_default("rtts", direction.rtts);
  fields.unless_default("mean_rtt_ns", direction.mean_rtt_ns);
}

void show_fields(MaybeConst<FlowInterval> auto& flow, const auto& fields) {
  fields.always("protocol", flow.protocol);
  fields.always("a", flow.a);
  fields.always("b", flow.b);
  fields.always("a_to_b", flow.directions[0]);
  fields.always("b_to_a", flow.directions[1]);
}

void show_fields(MaybeConst<RecordHeader> auto& header, const auto& fields) {
  fields.always("format", header.format);
  fields.always("version", header.version);
  fields.always("program", header.program);
  fields.always("started_utc", header.started_utc);
  fields.unless_default("title", header.title);
  fields.always("interval_ns", header.interval_ns);
  fields.always("a", header.devices[0]);
  fields.always("b", header.devices[1]);
  fields.always("queues", header.queues);
  fields.always("mtu_bytes", header.mtu_bytes);
}

void show_fields(MaybeConst<RecordLink> auto& link, const auto& fields) {
  fields.always("at_ns", link.at_ns);
  fields.always("seed", link.seed);
  fields.always("a_to_b", link.stages[0]);
  fields.always("b_to_a", link.stages[1]);
}

void show_fields(MaybeConst<RecordInterval> auto& interval, const auto& fields) {
  fields.always("from_ns", interval.from_ns);
  fields.always("to_ns", interval.to_ns);
  fields.always("a_to_b", interval.directions[0]);
  fields.always("b_to_a", interval.directions[1]);
  fields.always("worker_cpu_ns", interval.worker_cpu_ns);
  fields.unless_default("flows_ns", interval.flows_ns);
  fields.unless_default("flows", interval.flows);
}

void show_fields(MaybeConst<RecordEvent> auto& event, const auto& fields) {
  fields.always("at_ns", event.at_ns);
  fields.always("kind", event.kind);
  fields.always("text", event.text);
}

void show_fields(MaybeConst<RecordEnd> auto& end, const auto& fields) {
  fields.always("at_ns", end.at_ns);
  fields.always("intervals", end.intervals);
}

namespace {

constexpr std::string_view kHeader = "header";
constexpr std::string_view kLink = "link";
constexpr std::string_view kInterval = "interval";
constexpr std::string_view kEvent = "event";
constexpr std::string_view kEnd = "end";
constexpr const char* kKind = "line";
constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 30U;

/// What the line is stands first, for those who look at the file.
template <typename Line>
std::string line_of(std::string_view kind, const Line& line) {
  std::string text = json_text(json_of(line));
  return fmt::format("{{\"{}\":\"{}\",{}\n", kKind, kind, text.substr(1));
}

[[noreturn]] void refuse(const std::string& name, std::size_t line, const std::string& why) {
  throw_usage_error("read the record", fmt::format("{}, line {}", name, line), why);
}

class RecordParser {
 public:
  explicit RecordParser(std::string name) : name_(std::move(name)) {}

  void take(std::string_view text, bool is_whole) {
    ++line_;
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    // Who wrote it was killed, or the disk was full.
    if (!json.is_object() && !is_whole && line_ > 1) return;
    if (!json.is_object()) refuse(name_, line_, "it is not a line of JSON");
    try {
      take(json.at(kKind).get<std::string>(), json);
    } catch (const nlohmann::json::exception& error) {
      refuse(name_, line_, bare_message(error));
    }
  }

  [[nodiscard]] Record finish() {
    if (line_ == 0) refuse(name_, 1, "it is empty");
    return std::move(record_);
  }

 private:
  void take(const std::string& kind, const nlohmann::json& json) {
    if ((line_ == 1) != (kind == kHeader))
      refuse(name_, line_, line_ == 1 ? "it is not a record's header" : "a second header");
    if (kind == kHeader) {
      take_from(json, record_.header);
      if (record_.header.format != RecordHeader{}.format)
        refuse(name_, line_, "it is not a record of tunrelay");
      if (record_.header.version != RecordHeader{}.version)
        refuse(name_, line_,
               fmt::format("it is of version {}; this program reads version {}",
                           record_.header.version, RecordHeader{}.version));
    } else if (kind == kLink) {
      take_from(json, record_.links.emplace_back());
    } else if (kind == kInterval) {
      RecordInterval interval;
      take_from(json, interval);
      check(interval);
      record_.intervals.push_back(std::move(interval));
    } else if (kind == kEvent) {
      take_from(json, record_.events.emplace_back());
    } else if (kind == kEnd) {
      take_from(json, record_.end.emplace());
    }
  }

  void check(const RecordInterval& interval) const {
    if (record_.links.empty()) refuse(name_, line_, "no link stands before the interval");
    if (interval.to_ns < interval.from_ns ||
        (!record_.intervals.empty() && interval.from_ns < record_.intervals.back().to_ns))
      refuse(name_, line_, "the interval begins before the one before it ends");
    for (std::size_t direction = 0; direction < kDirections; ++direction)
      if (interval.directions.at(direction).stages.size() !=
          record_.links.back().stages.at(direction).size())
        refuse(name_, line_, "the interval's stages are not those of its link");
  }

  std::string name_;
  Record record_;
  std::size_t line_ = 0;
};

}  // namespace

const RecordLink& Record::link_of(const RecordInterval& interval) const {
  const auto after = std::upper_bound(
      links.begin(), links.end(), interval.from_ns,
      [](std::int64_t from_ns, const RecordLink& link) { return from_ns < link.at_ns; });
  return after == links.begin() ? links.front() : *std::prev(after);
}

std::string record_line(const RecordHeader& header) {
  return line_of(kHeader, header);
}
std::string record_line(const RecordLink& link) {
  return line_of(kLink, link);
}
std::string record_line(const RecordInterval& interval) {
  return line_of(kInterval, interval);
}
std::string record_line(const RecordEvent& event) {
  return line_of(kEvent, event);
}
std::string record_line(const RecordEnd& end) {
  return line_of(kEnd, end);
}

nlohmann::json interval_json(const RecordInterval& interval) {
  return json_of(interval);
}

RecordInterval parse_interval(const nlohmann::json& json) {
  RecordInterval interval;
  take_from(json, interval);
  return interval;
}

Record parse_record(std::string_view text, const std::string& name) {
  RecordParser parser(name);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    parser.take(text.substr(0, end), end != std::string_view::npos);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parser.finish();
}

Record read_record(const std::string& path) {
  return parse_record(read_whole_file(path, "read the record", kMaxRecordBytes), path);
}

bool is_record(std::string_view text) noexcept {
  return text.starts_with(R"({"line":"header")");
}

}  // namespace tunrelay
