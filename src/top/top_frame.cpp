// SPDX-License-Identifier: MIT
#include "top/top_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <utility>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/figure.hpp"
#include "base/units.hpp"
#include "base/wrap.hpp"
#include "top/sparkline.hpp"

namespace tunrelay {
namespace {

constexpr std::array<const char*, kDirections> kDirectionNames{"a to b", "b to a"};
constexpr std::array<const char*, kTopOrders> kOrderNames{"rate", "round trip", "sent again",
                                                          "dropped"};
constexpr const char* kKeys = " s sort  p pause  a, b change a link  h help  q quit";
constexpr const char* kCommandKeys =
    " s sort  p pause  a, b change a link  h help  q leave the page";
constexpr std::array<const char*, 9> kHelp{
    "s         sort flows: by rate, round trip, sent again, dropped",
    "p, space  hold the picture, and let it go on",
    "a         change the stages from a to b; Enter sends them, Esc leaves them",
    "b         change the stages from b to a",
    "h, ?      this help",
    "q, Esc    leave; the relay goes on, and the command of exec",
    "",
    "In a chart a dot is capacity that was not used. A stage's delay is of",
    "the wire segments that left it in the interval."};
/// Rows that are no chart's: the title, two a direction, headings, a few flows, keys.
constexpr std::size_t kRowsBeside = 16;
constexpr std::size_t kMaxChartRows = 8;

std::size_t bytes_of_width(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U;
    if (begins && columns-- == 0) break;
  }
  return at;
}

std::string padded(const std::string& text, std::size_t columns) {
  const std::size_t has = width_of(text);
  if (has > columns) return text.substr(0, bytes_of_width(text, columns));
  return text + std::string(columns - has, ' ');
}

std::string right(const std::string& text, std::size_t columns) {
  const std::size_t has = width_of(text);
  return has >= columns ? text : std::string(columns - has, ' ') + text;
}

/// Cuts LINE at COLUMNS.
TopLine cut(TopLine line, std::size_t columns) {
  for (TopSpan& span : line) {
    span.text.resize(bytes_of_width(span.text, columns));
    columns -= width_of(span.text);
  }
  return line;
}

std::string per_second_text(std::uint64_t count, double seconds) {
  if (seconds <= 0 || count == 0) return "0/s";
  return format_count(static_cast<std::uint64_t>(
             std::max(1.0, std::round(static_cast<double>(count) / seconds)))) +
         "/s";
}

std::string delay_text(const ValueSummary& delay) {
  if (delay.count == 0) return "-";
  return fmt::format("p50 {} p99 {}", format_latency(delay.p50), format_latency(delay.p99));
}

/// "  dropped: queue_full": the reason for most of DROPS.
std::string reason_text(const Drops& drops) {
  const auto most = std::max_element(
      drops.by_reason.begin(), drops.by_reason.end(),
      [](const Tally& one, const Tally& other) { return one.segments < other.segments; });
  if (most->segments == 0) return "";
  return "  dropped: " +
         std::string(to_string(static_cast<DropReason>(most - drops.by_reason.begin())));
}

double cpu_percent(const TopSample& sample) {
  std::uint64_t sum = 0;
  for (const std::uint64_t worker : sample.interval.worker_cpu_ns) sum += worker;
  const auto length = static_cast<double>(sample.interval.to_ns - sample.interval.from_ns);
  return length <= 0 ? 0 : 100 * static_cast<double>(sum) / length;
}

std::string since_ready_text(const TopSample& sample) {
  const std::int64_t seconds = sample.interval.to_ns / kNanosecondsPerSecond;
  return fmt::format("{}:{:02}:{:02}", seconds / 3'600, seconds / 60 % 60, seconds % 60);
}

TopLine title_line(const TopSample& sample, const TopView& view) {
  TopLine line{
      {fmt::format("tunrelay {}  {} <-> {}", sample.version, sample.devices[0], sample.devices[1]),
       TopStyle::kTitle},
      {"  up " + since_ready_text(sample)},
      {"  path "}};
  line.push_back(sample.is_path_proven ? TopSpan{"proven", TopStyle::kGood}
                                       : TopSpan{"NOT PROVEN", TopStyle::kBad});
  const double percent = cpu_percent(sample);
  constexpr double kBusy = 90;
  const auto workers = static_cast<double>(sample.interval.worker_cpu_ns.size());
  line.push_back({fmt::format("  CPU {:.0f} %", percent),
                  percent > kBusy * workers ? TopStyle::kWarning : TopStyle::kPlain});
  if (view.is_paused) line.push_back({"  paused", TopStyle::kWarning});
  return line;
}

TopLine throughput_line(const TopSample& sample, std::size_t direction) {
  const TopPoint point = sample.point(direction);
  TopLine line{{kDirectionNames.at(direction), TopStyle::kTitle},
               {"  " + right(format_rate(point.bits_per_s), 14), TopStyle::kGraph}};
  if (point.capacity_bits_per_s)
    line.push_back({fmt::format(" of {} ({:.0f} %)", format_rate(*point.capacity_bits_per_s),
                                *point.capacity_bits_per_s > 0
                                    ? 100 * point.bits_per_s / *point.capacity_bits_per_s
                                    : 0.0)});
  return line;
}

TopLine state_line(const TopSample& sample, std::size_t direction) {
  const DirectionInterval& interval = sample.interval.directions.at(direction);
  const Tally dropped = interval.dropped.sum();
  std::uint64_t marked = 0;
  for (const StageInterval& stage : interval.stages) marked = std::max(marked, stage.marked);
  TopLine line{{"  "}};
  if (const auto main = sample.main_stage(direction))
    line.push_back({"delay " + delay_text(interval.stages[*main].delay_ns) + "  "});
  line.push_back({fmt::format("queue {} ({})", format_bytes(interval.queued.bytes),
                              format_count(interval.queued.segments))});
  line.push_back({"  drops " + per_second_text(dropped.segments, sample.seconds()),
                  dropped.segments == 0 ? TopStyle::kPlain : TopStyle::kBad});
  line.push_back({"  marks " + per_second_text(marked, sample.seconds()),
                  marked == 0 ? TopStyle::kPlain : TopStyle::kWarning});
  // Last, since a narrow terminal has no room for it.
  line.push_back({reason_text(interval.dropped), TopStyle::kBad});
  return line;
}

std::vector<TopLine> chart_lines(const TopHistory& history, std::size_t direction, std::size_t rows,
                                 const TopView& view) {
  const auto& points = history.points(direction);
  const std::size_t shown = std::min(points.size(), view.columns);
  std::vector<double> values;
  std::vector<double> limits;
  double ceiling = 1;
  for (std::size_t at = points.size() - shown; at < points.size(); ++at) {
    values.push_back(points[at].bits_per_s);
    limits.push_back(points[at].capacity_bits_per_s.value_or(-1));
    ceiling = std::max({ceiling, values.back(), limits.back()});
  }
  std::vector<TopLine> lines;
  for (std::string& row : bar_chart(values, limits, ceiling, rows, view.has_unicode))
    lines.push_back({{std::string(view.columns - shown, ' ') + std::move(row), TopStyle::kGraph}});
  return lines;
}

void add_stages(std::vector<TopLine>& lines, const TopSample& sample, const TopView& view) {
  constexpr std::size_t kFigures = 50;
  const std::size_t text_columns =
      view.columns > kFigures + 20 ? view.columns - kFigures : std::size_t{20};
  std::vector<TopLine> stages;
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    for (std::size_t at = 0; at < sample.stages.at(direction).size(); ++at) {
      const StageInterval& stage = sample.interval.directions.at(direction).stages.at(at);
      stages.push_back(
          {{padded(
               fmt::format("{} {}", kDirectionNames.at(direction), sample.stages.at(direction)[at]),
               text_columns)},
           {" " + right(delay_text(stage.delay_ns), 26)},
           {" " + right(format_bytes(stage.queued.bytes), 10)},
           {" " + right(per_second_text(stage.dropped.sum().segments, sample.seconds()), 10),
            stage.dropped.sum().segments == 0 ? TopStyle::kPlain : TopStyle::kBad}});
    }
  if (stages.empty()) return;
  lines.push_back({{padded("stages", text_columns) + " " + right("delay", 26) + " " +
                        right("queue", 10) + " " + right("drops", 10),
                    TopStyle::kFaint}});
  lines.insert(lines.end(), stages.begin(), stages.end());
}

std::vector<TopFlow> sorted(std::vector<TopFlow> flows, TopOrder order) {
  const auto key = [order](const TopFlow& flow) {
    switch (order) {
      case TopOrder::kRtt:
        return static_cast<double>(flow.rtt_ns);
      case TopOrder::kRetransmitted:
        return static_cast<double>(flow.retransmitted_segments);
      case TopOrder::kDropped:
        return static_cast<double>(flow.dropped_segments);
      case TopOrder::kRate:
        break;
    }
    return flow.bits_per_s[0] + flow.bits_per_s[1];
  };
  std::stable_sort(flows.begin(), flows.end(), [&key](const TopFlow& left, const TopFlow& right) {
    return key(left) > key(right);
  });
  return flows;
}

void add_flows(std::vector<TopLine>& lines, const TopSample& sample, const TopView& view) {
  if (!sample.counts_flows) {
    lines.push_back({{"flows are not counted: start the relay with --flows", TopStyle::kFaint}});
    return;
  }
  // Where there is little room, a flow has one rate, of both directions, and no drops.
  constexpr std::size_t kWide = 110;
  const bool is_wide = view.columns >= kWide;
  const std::size_t figures = is_wide ? 60 : 36;
  const std::size_t name_columns = view.columns > figures ? view.columns - figures : 0;
  const auto rates = [is_wide](const std::string& first, const std::string& second,
                               const std::string& both) {
    return is_wide ? right(first, 14) + right(second, 14) : right(both, 14);
  };
  const std::string heading = fmt::format("flows ({} seen, by {})", format_count(sample.flows_seen),
                                          kOrderNames.at(static_cast<std::size_t>(view.order)));
  lines.push_back(
      {{padded(heading, name_columns) + rates("a to b", "b to a", "rate") + right("RTT p50", 12) +
            right("again", 10) + (is_wide ? right("dropped", 10) : ""),
        TopStyle::kFaint}});
  for (const TopFlow& flow : sorted(sample.flows, view.order))
    lines.push_back({{padded(flow.name, name_columns) +
                      rates(format_rate(flow.bits_per_s[0]), format_rate(flow.bits_per_s[1]),
                            format_rate(flow.bits_per_s[0] + flow.bits_per_s[1])) +
                      right(flow.rtt_ns == 0 ? "-" : format_latency(flow.rtt_ns), 12) +
                      right(format_count(flow.retransmitted_segments), 10) +
                      (is_wide ? right(format_count(flow.dropped_segments), 10) : "")}});
}

TopLine last_line(const TopView& view) {
  if (view.prompt != nullptr) {
    const std::string label = view.prompt->label() + ": ";
    const std::size_t room =
        view.columns > label.size() + 1 ? view.columns - label.size() - 1 : std::size_t{1};
    return {{label, TopStyle::kTitle}, {view.prompt->window(room).first}};
  }
  return {{padded(view.command.empty() ? kKeys : kCommandKeys, view.columns), TopStyle::kKeys}};
}

/// Rows of the window with what the command prints, with its heading; 0: there is none.
std::size_t output_rows(const TopView& view) {
  constexpr std::size_t kMinRows = 3;
  constexpr std::size_t kMaxRows = 16;
  return view.command.empty() ? 0 : std::clamp(view.rows / 4, kMinRows, kMaxRows);
}

/// As one line shows it: what a carriage return has written over is gone.
std::string shown(std::string_view line, bool has_unicode) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  line.remove_prefix(line.rfind('\r') + 1);  // npos + 1 is 0
  std::string text = clean_line(line);
  if (!has_unicode)
    std::replace_if(
        text.begin(), text.end(),
        [](char byte) { return (static_cast<unsigned char>(byte) & 0x80U) != 0; }, '?');
  return text;
}

/// In place of what stands last.
void put_output(std::vector<TopLine>& lines, const TopView& view) {
  const std::size_t rows = output_rows(view);
  if (rows == 0 || lines.size() < rows) return;
  lines.resize(lines.size() - rows);
  lines.push_back({{"output of " + shown(view.command, view.has_unicode), TopStyle::kFaint}});
  const std::size_t count = std::min(view.output.size(), rows - 1);
  for (std::size_t at = view.output.size() - count; at < view.output.size(); ++at)
    lines.push_back({{shown(view.output[at], view.has_unicode)}});
  lines.resize(lines.size() + rows - 1 - count);
}

/// In place of the last lines: an error is longer than a line.
void put_message(std::vector<TopLine>& lines, const TopView& view) {
  std::vector<std::string> message;
  std::istringstream text(wrap_lines(view.message, view.columns));
  for (std::string line; std::getline(text, line);) message.push_back(line);
  message.resize(std::min(message.size(), lines.size()));
  for (std::size_t at = 0; at < message.size(); ++at)
    lines[lines.size() - message.size() + at] = {{message[at], TopStyle::kWarning}};
}

}  // namespace

std::vector<TopLine> top_frame(const TopHistory& history, const TopView& view) {
  const TopSample& sample = history.newest();
  std::vector<TopLine> lines{title_line(sample, view)};
  if (view.columns < kMinTopColumns || view.rows < kMinTopRows) {
    lines.push_back({{fmt::format("{} columns and {} rows are needed", kMinTopColumns, kMinTopRows),
                      TopStyle::kWarning}});
  } else if (view.shows_help) {
    lines.emplace_back();
    for (const char* line : kHelp) lines.push_back({{line}});
  } else {
    const std::size_t taken = kRowsBeside + output_rows(view);
    const std::size_t spare = view.rows > taken ? (view.rows - taken) / 4 : 0;
    const std::size_t chart_rows = std::clamp<std::size_t>(spare, 1, kMaxChartRows);
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      lines.push_back(throughput_line(sample, direction));
      for (TopLine& line : chart_lines(history, direction, chart_rows, view))
        lines.push_back(std::move(line));
      lines.push_back(state_line(sample, direction));
    }
    add_stages(lines, sample, view);
    add_flows(lines, sample, view);
  }
  lines.resize(std::max<std::size_t>(view.rows, 1) - 1);
  if (!view.shows_help) put_output(lines, view);
  lines.push_back(last_line(view));
  if (view.prompt == nullptr) put_message(lines, view);
  for (TopLine& line : lines) line = cut(std::move(line), view.columns);
  return lines;
}

}  // namespace tunrelay
