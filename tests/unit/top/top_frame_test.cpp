// SPDX-License-Identifier: MIT
// What a frame of `tunrelay top` shows, at any size.
#include "top/top_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/wrap.hpp"
#include "record/record_text.hpp"
#include "top/sparkline.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

json flow_json(const char* address, unsigned port, std::uint64_t bytes, double rtt_ns,
               std::uint64_t again) {
  const json direction{{"read", {{"bytes", bytes}}},
                       {"dropped", {{"segments", 3}}},
                       {"rtt_at_source_ns", {{"p50", rtt_ns}}},
                       {"tcp", {{"retransmitted_segments", again}}}};
  return {{"protocol", "tcp"},
          {"initiator", "b"},
          {"a", {{"address", address}, {"port", port}}},
          {"b", {{"address", address}, {"port", 40'000}}},
          {"a_to_b", direction},
          {"b_to_a", direction}};
}

/// The second SECOND of a relay whose link has a rate and a delay from a to b.
json answer_at(std::int64_t second) {
  RecordInterval interval{.from_ns = second * kNanosecondsPerSecond,
                          .to_ns = (second + 1) * kNanosecondsPerSecond,
                          .directions = {},
                          .worker_cpu_ns = {250'000'000}};
  DirectionInterval& forward = interval.directions[0];
  forward.read = forward.written = {100, 800, 1'000'000};
  forward.dropped.by_reason[static_cast<std::size_t>(DropReason::kQueueFull)] = {5, 12, 6'000};
  forward.queued = {3, 20, 25'000};
  StageInterval delay;
  delay.delay_ns = {.count = 5, .p50 = 20'000'000, .p95 = 1, .p99 = 21'000'000, .highest = 1};
  StageInterval rate;
  rate.marked = 7;
  rate.queued = forward.queued;
  rate.dropped = forward.dropped;
  rate.delay_ns = {.count = 5, .p50 = 2'000'000, .p95 = 1, .p99 = 3'000'000, .highest = 1};
  rate.capacity_bits = 10'000'000;
  forward.stages = {delay, rate};
  const std::uint64_t bytes = 125'000 * static_cast<std::uint64_t>(second);
  return {{"version", "1.2.3"},
          {"a", "tun0"},
          {"b", "tun1"},
          {"path_proven", true},
          {"link", {{"a_to_b", "delay 20ms, rate 10mbit"}, {"b_to_a", ""}}},
          {"stages", {{"a_to_b", {"delay 20ms", "rate 10mbit"}}, {"b_to_a", json::array()}}},
          {"interval", interval_json(interval)},
          {"flows",
           {{"seen", 2},
            {"top",
             {flow_json("192.168.13.1", 5201, bytes, 1e6, 1),
              flow_json("fd13::1", 80, bytes / 2, 4e7, 9)}}}}};
}

TopHistory history_of(std::int64_t seconds) {
  TopHistory history;
  for (std::int64_t second = 0; second < seconds; ++second) history.take(answer_at(second));
  return history;
}

std::string text_of(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) {
    for (const TopSpan& span : line) text += span.text;
    text += '\n';
  }
  return text;
}

TEST(TopFrame, SaysWhatTheIntervalSays) {
  const std::string text = text_of(top_frame(history_of(3), {.columns = 80, .rows = 24}));
  for (const char* words :
       {"tunrelay 1.2.3  tun0 <-> tun1  up 0:00:03  path proven  CPU 25 %",
        "8.00 Mbit/s of 10.00 Mbit/s (80 %)", "delay p50 2.000 ms p99 3.000 ms", "(20)",
        "drops 12/s", "marks 7/s", "a to b delay 20ms", "flows (2 seen, by rate)",
        "tcp 192.168.13.1:40000 > 192.168.13.1:5201", "2.00 Mbit/s", "q quit"})
    EXPECT_THAT(text, HasSubstr(words)) << text;
  EXPECT_THAT(text_of(top_frame(history_of(3), {.columns = 120, .rows = 24})),
              HasSubstr("marks 7/s  dropped: queue_full\n"));
}

TEST(TopFrame, ShowsTheLastLinesOfACommand) {
  TopView view{.columns = 80, .rows = 24, .command = "ping -c 3"};
  for (int line = 0; line < 30; ++line) view.output.push_back("line " + std::to_string(line));
  view.output.emplace_back("10 %\r50 %\r100 %\r");
  view.output.emplace_back("gr\u00fcn\x1b[31m");
  const std::string text = text_of(top_frame(history_of(3), view));
  EXPECT_THAT(text, HasSubstr("output of ping -c 3\nline 27\nline 28\nline 29\n100 %\ngr\u00fcn"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("q leave the page"));
  EXPECT_THAT(text, HasSubstr("flows (2 seen, by rate)"));
  view.has_unicode = false;
  EXPECT_THAT(text_of(top_frame(history_of(3), view)), HasSubstr("gr??n"));
}

TEST(TopFrame, FitsEveryTerminal) {
  const TopHistory history = history_of(300);
  for (const bool has_unicode : {false, true})
    for (std::size_t columns = 1; columns <= 230; columns += 3)
      for (std::size_t rows = 1; rows <= 70; rows += 4) {
        const auto lines = top_frame(history, {.columns = columns,
                                               .rows = rows,
                                               .has_unicode = has_unicode,
                                               .command = rows % 8 == 1 ? "a command" : "",
                                               .output = {std::string(300, 'x'), "short"}});
        ASSERT_EQ(lines.size(), rows);
        for (const TopLine& line : lines) {
          std::size_t length = 0;
          for (const TopSpan& span : line) length += width_of(span.text);
          ASSERT_LE(length, columns);
        }
      }
}

TEST(TopFrame, SortsFlowsAsTheUserWants) {
  const TopHistory history = history_of(3);
  const auto first_is_v6 = [&history](TopOrder order) {
    const std::string text = text_of(top_frame(history, {.order = order}));
    return text.find("fd13") < text.find("192.168");
  };
  EXPECT_FALSE(first_is_v6(TopOrder::kRate));
  EXPECT_TRUE(first_is_v6(TopOrder::kRtt));
  EXPECT_TRUE(first_is_v6(TopOrder::kRetransmitted));
}

TEST(TopFrame, ShowsPromptMessageHelpAndPause) {
  const TopHistory history = history_of(2);
  LineEditor prompt("a to b", "rate 10mbit");
  EXPECT_THAT(text_of(top_frame(history, {.prompt = &prompt})), HasSubstr("a to b: rate 10mbit\n"));
  EXPECT_THAT(text_of(top_frame(history, {.message = "it is wrong"})), HasSubstr("it is wrong\n"));
  EXPECT_THAT(text_of(top_frame(history, {.is_paused = true})), HasSubstr("paused"));
  const std::string help = text_of(top_frame(history, {.shows_help = true}));
  EXPECT_THAT(help, HasSubstr("sort flows"));
  EXPECT_THAT(help, Not(HasSubstr("Mbit/s")));
}

TEST(TopFrame, ADeviceDownIsSeen) {
  json answer = answer_at(1);
  answer["path_proven"] = false;
  answer["flows"] = nullptr;
  TopHistory history;
  history.take(answer);
  const std::string text = text_of(top_frame(history, {}));
  EXPECT_THAT(text, HasSubstr("NOT PROVEN"));
  EXPECT_THAT(text, HasSubstr("--flows"));
}

TEST(BarChart, FillsColumnsAndDotsWhatIsUnused) {
  EXPECT_THAT(bar_chart({0, 1, 4, 8, 9}, {-1, 8, 8, 8, 8}, 8, 1, true), ElementsAre(" ▁▄██"));
  EXPECT_THAT(bar_chart({0, 4, 8}, {8, 8, -1}, 8, 2, true), ElementsAre("··█", "·██"));
  EXPECT_THAT(bar_chart({0, 8}, {8, 8}, 8, 1, false), ElementsAre("-#"));
  EXPECT_THAT(bar_chart({0.001}, {}, 8, 1, true), ElementsAre("▁")) << "a little is not nothing";
}

TEST(LineEditor, ChangesTheTextAtTheCursor) {
  LineEditor line("x", "abc");
  line.left();
  line.insert('-');
  EXPECT_EQ(line.text(), "ab-c");
  line.backspace();
  line.home();
  line.erase();
  line.backspace();
  EXPECT_EQ(line.text(), "bc");
  line.end();
  line.right();
  line.erase();
  line.insert('d');
  EXPECT_EQ(line.text(), "bcd");
  EXPECT_EQ(line.window(2), std::pair(std::string("d"), std::size_t{1}));
  line.clear();
  EXPECT_EQ(line.window(5), std::pair(std::string(), std::size_t{0}));
}

}  // namespace
}  // namespace tunrelay
