// SPDX-License-Identifier: MIT
// Metrics as text, and what they are made of.
#include "exporter/exposition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/family_list.hpp"
#include "exporter/metric_families.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(FamilyList list, ExpositionFormat format) {
  return exposition_text(list.take(), format);
}

TEST(Exposition, NamesACountersFamilyAsTheFormatWantsIt) {
  FamilyList list;
  list.counter("relay_drops_total", "Drops in _total.", {{"reason", "a \"b\"\n\\"}}, 3);
  list.gauge("relay_queue_bytes", "Queue.", {}, 1.5);
  const std::string prometheus = text_of(list, ExpositionFormat::kPrometheus);
  EXPECT_EQ(prometheus,
            "# HELP relay_drops_total Drops in _total.\n"
            "# TYPE relay_drops_total counter\n"
            "relay_drops_total{reason=\"a \\\"b\\\"\\n\\\\\"} 3\n"
            "# HELP relay_queue_bytes Queue.\n"
            "# TYPE relay_queue_bytes gauge\n"
            "relay_queue_bytes 1.5\n");
  EXPECT_EQ(text_of(list, ExpositionFormat::kOpenMetrics),
            "# HELP relay_drops Drops in _total.\n"
            "# TYPE relay_drops counter\n"
            "relay_drops_total{reason=\"a \\\"b\\\"\\n\\\\\"} 3\n"
            "# HELP relay_queue_bytes Queue.\n"
            "# TYPE relay_queue_bytes gauge\n"
            "relay_queue_bytes 1.5\n"
            "# EOF\n");
}

TEST(Exposition, IsChosenByWhatTheScraperTakes) {
  EXPECT_EQ(exposition_format_for(""), ExpositionFormat::kPrometheus);
  EXPECT_EQ(exposition_format_for("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            ExpositionFormat::kPrometheus);
  EXPECT_EQ(exposition_format_for("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
            ExpositionFormat::kOpenMetrics);
}

TEST(FamilyList, HasOneSampleForTheSameLabels) {
  FamilyList list;
  RttSeries times;
  times.record(1'000'000, 4);
  for (int time = 0; time < 2; ++time) {
    list.counter("a_total", "A.", {{"flow", "x"}}, 2);
    list.summary("b_seconds", "B.", {}, times);
  }
  const std::string text = text_of(list, ExpositionFormat::kPrometheus);
  EXPECT_THAT(text, HasSubstr("a_total{flow=\"x\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("b_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("b_seconds_sum 0.004\n"));
}

TEST(FamilyList, CountsTimesInBucketsThatGrow) {
  FamilyList list;
  Histogram times;
  times.record(9'000, 1);
  times.record(2'000'000, 2);
  times.record(60'000'000'000, 1);
  list.histogram("delay_seconds", "Delay.", {}, times);
  const std::string text = text_of(list, ExpositionFormat::kPrometheus);
  EXPECT_THAT(text, HasSubstr("delay_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"1e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"0.0025\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"10\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"+Inf\"} 4\n"));
}

TEST(MetricFamilies, SayWhatTheReportSays) {
  TunnelReport report;
  report.ends[0].device = "tun0";
  report.ends[1].device = "tun1";
  report.lanes[0].read = {10, 20, 3'000};
  report.lanes[0].dropped[static_cast<std::size_t>(DropReason::kOverMtu)] = {1, 2, 100};
  report.path.proven = true;
  report.events[static_cast<std::size_t>(TunnelEvent::Kind::kBroken)] = 3;
  report.workers.resize(1);
  LinkStageReport stage{.text = "rate 10mbit", .counts = {}, .answers = 0};
  stage.counts.marked = 5;
  stage.counts.delay_ns.record(3'000'000, 7);
  stage.capacity_bits = 80'000;
  report.link.directions[0] = {stage, stage};
  report.flows.emplace().seen = 9;
  const std::string text =
      exposition_text(metric_families(report, {.version = "1.2.3",
                                               .ready_unix_ns = 1'700'000'000'500'000'000,
                                               .worker_cpu_ns = {1'500'000'000}}),
                      ExpositionFormat::kPrometheus);
  for (const char* line :
       {"tunrelay_info{version=\"1.2.3\",device_a=\"tun0\",device_b=\"tun1\"",
        "tunrelay_start_time_seconds 1700000000.5\n", "tunrelay_path_proven 1\n",
        "tunrelay_read_packets_total{direction=\"a_to_b\"} 10\n",
        "tunrelay_read_wire_segments_total{direction=\"a_to_b\"} 20\n",
        "tunrelay_read_bytes_total{direction=\"a_to_b\"} 3000\n",
        "tunrelay_dropped_wire_segments_total{direction=\"a_to_b\",reason=\"over_mtu\"} 2\n",
        "tunrelay_dropped_packets_total{direction=\"b_to_a\",reason=\"over_mtu\"} 0\n",
        "tunrelay_events_total{kind=\"broken\"} 3\n",
        "tunrelay_worker_cpu_seconds_total{queue=\"0\"} 1.5\n",
        "tunrelay_stage_marked_wire_segments_total{direction=\"a_to_b\",position=\"2\",stage="
        "\"rate "
        "10mbit\"} 5\n",
        "tunrelay_stage_capacity_bytes_total{direction=\"a_to_b\",position=\"1\",stage=\"rate "
        "10mbit\"} 10000\n",
        "tunrelay_stage_delay_seconds_bucket{direction=\"a_to_b\",position=\"1\",stage=\"rate "
        "10mbit\",le=\"0.005\"} 7\n",
        "tunrelay_flows_seen_total 9\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("tunrelay_capture")));
}

}  // namespace
}  // namespace tunrelay
