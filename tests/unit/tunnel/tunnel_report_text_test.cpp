// SPDX-License-Identifier: MIT
// What is reported of a tunnel, as text and as JSON.
#include "tunnel/tunnel_report_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tunrelay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A tunnel that has read ten packets each way, of which it dropped one from a.
TunnelReport sample_report() {
  TunnelReport report;
  report.ends[0].device = "tun0";
  report.ends[0].addresses = {"192.168.13.1/24", "fd13::1/64"};
  report.ends[0].offloads = "csum tso4";
  report.ends[1].device = "tun1";
  report.ends[1].addresses = {"192.168.13.2/24"};
  report.ends[1].kernel_dropped_packets = 3;
  report.lanes[0].read = {10, 20, 3000};
  report.lanes[0].written = {9, 19, 2900};
  report.lanes[0].dropped[static_cast<std::size_t>(DropReason::kOverMtu)] = {1, 1, 100};
  report.lanes[1].read = report.lanes[1].written = {10, 10, 840};
  report.sockets.udp_receive_drops = 5;
  report.workers.resize(2);
  report.workers[1].lanes[0].read.packets = 7;
  report.workers[0].pinned_cpu = 1;
  report.workers[1].queue = 1;
  report.duration_ns = 2'000'000'000;
  report.ready_after_ns = 30'000'000;
  report.path.proven = true;
  report.path.checks = 2;
  report.path.probes_sent = report.path.probes_crossed = {4, 4};
  return report;
}

TEST(Summary, SaysWhereEachPacketWasLost) {
  const std::string text = summary_text(sample_report());
  EXPECT_THAT(text, HasSubstr("tun0 -> tun1  10 packets (20 wire segments)"));
  EXPECT_THAT(text, HasSubstr("drops in the relay: over_mtu 1; in tun0's queue: 0; by the kernel "
                              "behind tun1: 3"));
  EXPECT_THAT(text, HasSubstr("tun1 -> tun0  10 packets (10 wire segments)"));
  EXPECT_THAT(text, HasSubstr("queues    2: queue 0 on CPU 1, queue 1 not pinned"));
  EXPECT_THAT(text, HasSubstr("queue 1: 7 packets tun0 -> tun1, 0 packets tun1 -> tun0"));
  EXPECT_THAT(text, HasSubstr("receivers dropped 5 UDP datagrams and 0 TCP segments"));
  EXPECT_THAT(text, HasSubstr("proven: 4 of 4 probes tun0 -> tun1"));
  EXPECT_THAT(text, Not(HasSubstr("accounting:"))) << "all are accounted for";
}

TEST(Summary, ReportsProbesAndWhatBypassedTheTunnel) {
  TunnelReport report = sample_report();
  EXPECT_THAT(summary_text(report), Not(HasSubstr("of them path probes")));
  EXPECT_THAT(summary_text(report), HasSubstr("arrived; 2 checks, 0 failed\n"));
  report.lanes[0].path_probes = 4;
  report.path.failed_checks = 1;
  report.path.detour_packets = 1'234;
  const std::string text = summary_text(report);
  EXPECT_THAT(text, HasSubstr("10 packets (20 wire segments), 2.9 KiB; 4 of them path probes\n"));
  EXPECT_THAT(text, HasSubstr("2 checks, 1 failed; lo carried 1,234 packets while it was broken"));
  const nlohmann::ordered_json json = report_json(report, "summary");
  EXPECT_EQ(json.at("a_to_b").at("path_probes"), 4);
  EXPECT_EQ(json.at("path").at("detour_packets"), 1'234);
}

TEST(Summary, ReportsWhatEachStageOfTheLinkHasDone) {
  TunnelReport report = sample_report();
  EXPECT_THAT(summary_text(report), Not(HasSubstr("--seed"))) << "there is no link";
  report.lanes[0].dropped[static_cast<std::size_t>(DropReason::kAqm)] = {0, 3, 4344};
  LinkStageReport stage{.text = "rate 10mbit codel ecn", .counts = {}, .answers = 0};
  stage.counts.taken = {4, 200, 290'000};
  stage.counts.dropped.by_reason[static_cast<std::size_t>(DropReason::kAqm)] = {0, 3, 4344};
  stage.counts.marked = 2;
  stage.answers = 5;
  stage.counts.delay_ns.record(5'000'000, 197);
  stage.counts.since_read_ns.record(5'000'000, 197);
  stage.counts.late_ns.record(20'000, 7);
  report.link.seed = 42;
  report.link.directions[0].push_back(stage);
  const std::string text = summary_text(report);
  EXPECT_THAT(text, HasSubstr("aqm 0 (3 wire segments)"));
  EXPECT_THAT(text,
              HasSubstr("    rate 10mbit codel ecn\n      200 wire segments, 3 dropped "
                        "(1.5000 %; aqm 3), 2 marked, 5 answers; in it p50 5.001 ms p99 5.001 ms; "
                        "releases late p50 20.02 us p99 20.02 us\n"));
  EXPECT_THAT(text, HasSubstr("  link      counted since the tunnel was ready; --seed 42 repeats "
                              "its random numbers\n"));
  const nlohmann::json json = report_json(report, "summary").at("link");
  EXPECT_EQ(json.at("seed"), 42);
  EXPECT_EQ(json.at("a_to_b").at(0).at("taken").at("segments"), 200);
  EXPECT_EQ(json.at("a_to_b").at(0).at("dropped").at("segments"), 3);
  EXPECT_EQ(json.at("a_to_b").at(0).at("dropped_by_reason").at("aqm").at("bytes"), 4344);
  EXPECT_EQ(json.at("a_to_b").at(0).at("marked_segments"), 2);
  EXPECT_EQ(json.at("a_to_b").at(0).at("answers"), 5);
  EXPECT_TRUE(json.at("b_to_a").empty());
}

TEST(Summary, ReportsWhatAStagesTimesAreCountedFrom) {
  TunnelReport report = sample_report();
  LinkStageReport stage{.text = "delay 5ms", .counts = {}, .answers = 0};
  stage.counts.delay_ns.record(2'000'000, 10);
  stage.counts.since_read_ns.record(5'000'000, 10);
  report.link.directions[0] = {stage, stage};
  report.link_set_ns = 1'500'000'000;
  const std::string text = summary_text(report);
  EXPECT_THAT(text, HasSubstr("; in it p50 2.001 ms p99 2.001 ms\n    delay 5ms\n"));
  EXPECT_THAT(text, HasSubstr("; in it p50 2.001 ms p99 2.001 ms; since they were read p50 5.001 "
                              "ms p99 5.001 ms\n"));
  EXPECT_THAT(text, HasSubstr("counted since it was set, 1.50 s after the tunnel was ready; "));
  EXPECT_EQ(report_json(report, "summary").at("link_set_ns"), 1'500'000'000);
}

TEST(Summary, ReportsHowMuchStagesQueuedAtMost) {
  TunnelReport report = sample_report();
  EXPECT_THAT(summary_text(report), Not(HasSubstr("queued at most"))) << "nothing was queued";
  for (WorkerReport& worker : report.workers) {
    worker.queued_bytes_limit = 268'435'456;
    worker.queued_packets_limit = 32'000;
  }
  report.lanes[1].queued_bytes_peak = 14'889'779;
  report.lanes[1].queued_packets_peak = 3'120;
  EXPECT_THAT(summary_text(report),
              HasSubstr("    queued at most 14.2 MiB of 256.0 MiB, 3,120 packets, in one queue\n"));
  report.workers.resize(1);
  EXPECT_THAT(summary_text(report), HasSubstr("256.0 MiB, 3,120 packets\n"));
  const nlohmann::json json = report_json(report, "summary");
  EXPECT_EQ(json.at("b_to_a").at("queued_bytes_peak"), 14'889'779);
  EXPECT_EQ(json.at("b_to_a").at("queued_packets_peak"), 3'120);
  EXPECT_EQ(json.at("workers").at(0).at("queued_bytes_limit"), 268'435'456);
  EXPECT_EQ(json.at("workers").at(0).at("queued_packets_limit"), 32'000);
}

TEST(Summary, APathThatIsNotProvenIsLoud) {
  TunnelReport report = sample_report();
  report.path.proven = false;
  report.path.finding = "The probe got lost.";
  EXPECT_THAT(summary_text(report), HasSubstr("path      NOT PROVEN: The probe got lost."));
  EXPECT_EQ(report_json(report, "summary").at("path").at("finding"), "The probe got lost.");
}

TEST(Summary, AnAccountThatDoesNotAddUpIsReported) {
  TunnelReport report = sample_report();
  report.lanes[0].written.packets -= 2;
  EXPECT_THAT(summary_text(report),
              HasSubstr("accounting: 10 packets read, 0 made, 7 written, 0 queued, 1 dropped"));
  EXPECT_FALSE(report_json(report, "summary").at("a_to_b").at("balanced"));
}

TEST(Summary, ReadyIsOneLine) {
  const std::string line = ready_line(sample_report());
  EXPECT_TRUE(line.starts_with("ready  tun0 192.168.13.1 fd13::1 <-> tun1 192.168.13.2  "));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(Summary, SaysWhoseTheProcessIsAndWhatItSharesWithNobody) {
  SandboxReport report;
  report.policy = SandboxPolicy::kAuto;
  report.keeps_few = true;
  report.own_namespaces = {"ipc"};
  report.user = UserIdentity{.name = "relay", .uid = 998, .gid = 997, .groups = {997}};
  EXPECT_THAT(sandbox_text(report, {}),
              HasSubstr("; process: user relay, no capabilities, own IPC namespace"));
  EXPECT_EQ(sandbox_json(report).at("user").dump(), R"({"name":"relay","uid":998,"gid":997})");
  report.own_namespaces = {"mount", "ipc"};
  EXPECT_THAT(sandbox_text(report, {}), HasSubstr("own mount and IPC namespaces"));
  report.own_namespaces.clear();
  report.ipc_refusal = "Operation not permitted (EPERM)";
  EXPECT_THAT(sandbox_text(report, {}), HasSubstr("shares an IPC namespace (Operation not"));
  SandboxReport off;
  off.user = report.user;
  EXPECT_EQ(sandbox_text(off, {}), "off; process: user relay");
  EXPECT_EQ(sandbox_text({}, {}), "off");
  EXPECT_TRUE(sandbox_json(SandboxReport()).at("user").is_null());
}

TEST(Summary, JsonBearsTheSameNumbers) {
  const nlohmann::ordered_json json = report_json(sample_report(), "counters");
  EXPECT_EQ(json.at("event"), "counters");
  EXPECT_EQ(json.at("a_to_b").at("read").at("bytes"), 3000);
  EXPECT_EQ(json.at("a_to_b").at("dropped").at("over_mtu").at("packets"), 1);
  EXPECT_TRUE(json.at("a_to_b").at("balanced"));
  EXPECT_EQ(json.at("workers").at(0).at("pinned_cpu"), 1);
  EXPECT_TRUE(json.at("workers").at(1).at("pinned_cpu").is_null());
  EXPECT_EQ(json.at("sockets").at("udp_receive_drops"), 5);
  EXPECT_EQ(json.at("b").at("kernel_dropped_packets"), 3);
}

}  // namespace
}  // namespace tunrelay
