// SPDX-License-Identifier: MIT
#include "report/html_record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/figure.hpp"
#include "base/units.hpp"
#include "report/escape.hpp"
#include "report/page_frame.hpp"
#include "report/record_charts.hpp"
#include "report/record_forms.hpp"
#include "report/record_spans.hpp"
#include "report/text_table.hpp"
#include "report/thin_record.hpp"

namespace tunrelay {
namespace {

using nlohmann::ordered_json;

// Points of a line: some for each pixel of a wide screen. Rows of the table: a reader's patience.
constexpr std::size_t kMaxIntervals = 1000;
constexpr std::size_t kMaxRows = 200;

std::string stages_text(const std::vector<std::string>& stages) {
  std::string text;
  for (const std::string& stage : stages) text += (text.empty() ? "" : ", ") + stage;
  return text.empty() ? "nothing is done to packets" : text;
}

/// What the record as a whole says of one direction.
struct DirectionSum {
  Tally read, written, dropped;
  std::uint64_t marked = 0;
  double highest_bits_per_s = 0;
  double capacity_bits = 0;
  std::int64_t highest_p50_ns = 0;
  std::int64_t highest_p99_ns = 0;
  bool has_delay = false;
};

DirectionSum sum_of(const Record& record, std::size_t direction) {
  DirectionSum sum;
  for (const RecordInterval& interval : record.intervals) {
    const DirectionInterval& done = interval.directions.at(direction);
    sum.read += done.read;
    sum.written += done.written;
    sum.dropped += done.dropped.sum();
    sum.highest_bits_per_s =
        std::max(sum.highest_bits_per_s, bits_per_s(done.written.bytes, interval));
    const auto at = queueing_stage(record.link_of(interval).stages.at(direction));
    if (!at) continue;
    const StageInterval& stage = done.stages.at(*at);
    sum.marked += stage.marked;
    sum.capacity_bits += static_cast<double>(stage.capacity_bits.value_or(0));
    if (stage.delay_ns.count == 0) continue;
    sum.has_delay = true;
    sum.highest_p50_ns = std::max(sum.highest_p50_ns, stage.delay_ns.p50);
    sum.highest_p99_ns = std::max(sum.highest_p99_ns, stage.delay_ns.p99);
  }
  return sum;
}

std::string record_card(const std::string& name, const std::string& value,
                        const std::string& more) {
  return fmt::format(
      "<div class=\"card\"><div class=\"name\">{}</div><div class=\"value\">{}</div>"
      "<div class=\"more\">{}</div></div>\n",
      escape_markup(name), large_figure(value), escape_markup(more));
}

double duration_s(const Record& record) {
  if (record.intervals.empty()) return 0;
  return record_seconds(record.intervals.back().to_ns - record.intervals.front().from_ns);
}

std::string direction_cards(const Record& record, const DirectionSum& sum) {
  constexpr double kBitsPerByte = 8;
  const double time_s = std::max(duration_s(record), 1e-9);
  const double bits = static_cast<double>(sum.written.bytes) * kBitsPerByte;
  std::string html = record_card(
      "throughput, mean", format_rate(bits / time_s),
      fmt::format("at most {}{}", format_rate(sum.highest_bits_per_s),
                  sum.capacity_bits > 0
                      ? fmt::format("; {:.0f} % of the capacity", 100 * bits / sum.capacity_bits)
                      : std::string()));
  html += record_card("delivered", format_bytes(sum.written.bytes),
                      format_count(sum.written.segments) + " wire segments");
  const double share = sum.read.segments == 0 ? 0
                                              : 100 * static_cast<double>(sum.dropped.segments) /
                                                    static_cast<double>(sum.read.segments);
  html += record_card(
      "dropped", format_count(sum.dropped.segments),
      fmt::format("{:.3g} % of the wire segments{}", share,
                  sum.marked == 0 ? std::string() : "; " + format_count(sum.marked) + " marked"));
  if (sum.has_delay)
    html += record_card(
        "delay in the queue, p50", format_latency(sum.highest_p50_ns),
        fmt::format("of the slowest interval; p99 at most {}", format_latency(sum.highest_p99_ns)));
  return "<div class=\"cards\">\n" + html + "</div>\n";
}

/// What was tested, in words.
std::string heading(const Record& record) {
  const RecordHeader& header = record.header;
  if (!header.title.empty()) return header.title;
  if (record.links.empty()) return direction_name(header, 0);
  return fmt::format("{}: {}", direction_name(header, 0), stages_text(record.links[0].stages[0]));
}

std::string happenings(const Record& record) {
  TextTable table{.columns = {{.title = "at", .right = true}, {.title = "what"}}, .rows = {}};
  std::vector<std::pair<std::int64_t, std::string>> rows;
  for (std::size_t at = 0; at < record.links.size(); ++at)
    for (std::size_t direction = 0; direction < kDirections; ++direction)
      rows.emplace_back(record.links[at].at_ns,
                        fmt::format("{}{}: {}", at == 0 ? "" : "the link was changed, ",
                                    direction_name(record.header, direction),
                                    stages_text(record.links[at].stages.at(direction))));
  for (const RecordEvent& event : record.events)
    rows.emplace_back(event.at_ns, event.kind + ": " + event.text);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  for (auto& [at_ns, what] : rows)
    table.add({fmt::format("{:.3f} s", record_seconds(at_ns)), std::move(what)});
  return "<section><h2>What happened</h2>\n" + as_html(table) + "</section>\n";
}

std::string interval_table(const Record& record) {
  const Record thin = thinned(record, kMaxRows / kDirections);
  const bool is_thinner = thin.intervals.size() != record.intervals.size();
  return fmt::format("<details><summary>All intervals</summary>\n{}{}</details>\n",
                     is_thinner ? "<p class=\"quiet\">Neighbouring intervals are made one here, "
                                  "with the highest of their delays.</p>\n"
                                : "",
                     as_html(record_table(thin)));
}

}  // namespace

std::string html_record(const Record& record) {
  const Record thin = thinned(record, kMaxIntervals);
  ordered_json data = ordered_json::object();
  std::string html = page_head(
      fmt::format("record of {} <-> {}", record.header.devices[0], record.header.devices[1]),
      heading(record),
      {{"started", record.header.started_utc},
       {"took", format_duration(duration_s(record) * 1e9)},
       {"intervals of", format_duration(static_cast<double>(record.header.interval_ns))},
       {"queues", std::to_string(record.header.queues)},
       {"MTU", std::to_string(record.header.mtu_bytes)},
       {"by", record.header.program}});
  if (!record.end)
    html += "<p class=\"warning\">The record was cut short; what is here holds.</p>\n";
  html += fmt::format("</header>\n<main>\n{}", kNoScript);
  constexpr const char* kKeys[] = {"a_to_b", "b_to_a"};
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const DirectionSum sum = sum_of(record, direction);
    if (sum.read.packets + sum.written.packets == 0) continue;
    html += fmt::format("<section class=\"direction\"><h2>{}</h2>\n<p class=\"quiet\">{}</p>\n",
                        escape_markup(direction_name(record.header, direction)),
                        escape_markup(stages_text(record.links.front().stages.at(direction))));
    html += direction_cards(record, sum);
    data[kKeys[direction]] = direction_charts(thin, direction);
    html += fmt::format("<div class=\"charts\" data-charts=\"{}\"></div></section>\n",
                        kKeys[direction]);
  }
  html +=
      "<p class=\"quiet\">Drag across a chart to look closer, in all charts; a double click "
      "shows all again.</p>\n";
  if (const TextTable spans = span_table(record); !spans.rows.empty())
    html += "<section><h2>Sample by sample</h2>\n" + as_html(spans) + "</section>\n";
  if (const TextTable drops = drops_table(record); !drops.rows.empty())
    html += "<section><h2>What was dropped</h2>\n" + as_html(drops) + "</section>\n";
  html += happenings(record);
  html += "<section><h2>The relay</h2>\n";
  data["workers"] = worker_charts(thin);
  html += "<div class=\"charts\" data-charts=\"workers\"></div>\n" + interval_table(record) +
          "</section>\n</main>\n";
  return html + page_end(data);
}

}  // namespace tunrelay
