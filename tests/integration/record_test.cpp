// SPDX-License-Identifier: MIT
// Records of running tunnels: their sums are the summary's, they follow changes of the link, and
// nothing that happens to the file happens to the link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "record/record_text.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using std::chrono::milliseconds;
using test::run;
using test::RunningTunnel;
using ::testing::HasSubstr;

Tally tally_in(const nlohmann::json& json) {
  return {json.at("packets").get<std::uint64_t>(), json.at("segments").get<std::uint64_t>(),
          json.at("bytes").get<std::uint64_t>()};
}

Drops drops_in(const nlohmann::json& json) {
  Drops drops;
  for (std::size_t reason = 0; reason < kDropReasons; ++reason)
    if (const std::string name(to_string(static_cast<DropReason>(reason))); json.contains(name))
      drops.by_reason.at(reason) = tally_in(json.at(name));
  return drops;
}

/// The intervals follow each other without a gap, and add up to what the summary says.
void expect_sums(const Record& record, const nlohmann::json& summary) {
  ASSERT_FALSE(record.intervals.empty());
  EXPECT_EQ(record.intervals.front().from_ns, 0);
  for (std::size_t at = 1; at < record.intervals.size(); ++at)
    EXPECT_EQ(record.intervals[at].from_ns, record.intervals[at - 1].to_ns);
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    DirectionInterval sum;
    Drops by_stages;
    for (const RecordInterval& interval : record.intervals) {
      sum.read += interval.directions.at(direction).read;
      sum.made += interval.directions.at(direction).made;
      sum.written += interval.directions.at(direction).written;
      sum.dropped += interval.directions.at(direction).dropped;
      for (const StageInterval& stage : interval.directions.at(direction).stages)
        by_stages += stage.dropped;
    }
    const nlohmann::json& lane = summary.at(direction == 0 ? "a_to_b" : "b_to_a");
    EXPECT_EQ(sum.read, tally_in(lane.at("read")));
    EXPECT_EQ(sum.made, tally_in(lane.at("made")));
    EXPECT_EQ(sum.written, tally_in(lane.at("written")));
    EXPECT_EQ(sum.dropped, drops_in(lane.at("dropped")));
    // What the stages drop is what the direction drops for their reasons, reason by reason. What
    // has no room in the queue memory is dropped around them, too.
    for (std::size_t at = 0; at < kDropReasons; ++at)
      if (const auto reason = static_cast<DropReason>(at);
          is_of_stages(reason) && reason != DropReason::kQueueMemoryFull) {
        EXPECT_EQ(by_stages.of(reason), sum.dropped.of(reason)) << to_string(reason);
      }
    EXPECT_EQ(record.intervals.back().directions.at(direction).queued, tally_in(lane.at("queued")));
  }
}

class RecordTest : public test::PrivateNetwork {
 protected:
  const test::TemporaryFolder folder_;
  const std::string file_ = folder_ / "link.record";

  static void send_traffic(const std::string& more) {
    const test::ProcessResult sent = run(test::split(
        test::program() + " gen 192.168.13.1 192.168.13.2 -i 0 --max-slip 10s " + more));
    ASSERT_TRUE(sent.succeeded()) << sent.describe();
  }
  /// The link's stages from now on; texts hold blanks.
  static void set_link(const std::string& a_to_b) {
    const test::ProcessResult set = run({test::program(), "link", "set", "--a-to-b", a_to_b});
    ASSERT_TRUE(set.succeeded()) << set.describe();
  }
};

class RecordSumsTest : public RecordTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(RecordSumsTest, AreTheSummarysAcrossChangesOfTheLink) {
  RunningTunnel tunnel("--record " + file_ + " --record-interval 20ms " + GetParam());
  send_traffic("--pps 5k -t 300ms -P 4");
  set_link("delay 5ms, loss 10%, mtu 900, policer 2mbit burst 3k");
  send_traffic("--pps 5k -t 300ms -P 4");
  send_traffic("--pps 1k -l 1000 -t 100ms");
  set_link("rate 2mbit limit 20ms codel target 1ms interval 5ms");
  send_traffic("--pps 2k -l 500 -t 400ms");
  set_link("duplicate 20%, rate 20mbit limit 50ms");
  send_traffic("--tcp -t 300ms -P 2");
  const nlohmann::json summary = tunnel.finish();
  const Record record = read_record(file_);
  expect_sums(record, summary);
  ASSERT_EQ(record.links.size(), 4U);
  EXPECT_TRUE(record.end);
  EXPECT_GE(record.intervals.size(), 30U);
  // The last link's stages say in sum what the summary says of them.
  StageInterval rate;
  for (const RecordInterval& interval : record.intervals)
    if (&record.link_of(interval) == &record.links.back()) {
      rate.taken += interval.directions[0].stages.at(1).taken;
      rate.passed += interval.directions[0].stages.at(1).passed;
      rate.dropped += interval.directions[0].stages.at(1).dropped;
    }
  const nlohmann::json& stage = summary.at("link").at("a_to_b").at(1);
  EXPECT_EQ(rate.taken, tally_in(stage.at("taken")));
  EXPECT_EQ(rate.passed, tally_in(stage.at("passed")));
  EXPECT_EQ(rate.dropped.sum(), tally_in(stage.at("dropped")));
  EXPECT_EQ(rate.dropped, drops_in(stage.at("dropped_by_reason")));
  for (const char* reason : {"loss", "too_big", "over_rate", "aqm", "queue_full"})
    EXPECT_TRUE(summary.at("a_to_b").at("dropped").contains(reason)) << reason;
}

INSTANTIATE_TEST_SUITE_P(Queues, RecordSumsTest,
                         ::testing::Values("--queues 1", "--queues 2", "--queues 4",
                                           "--queues 2 --engine syscall"));

TEST_F(RecordTest, HasWhatEachFlowDidInAnInterval) {
  for (const char* interval : {"100ms", "5ms"}) {
    RunningTunnel tunnel("--flows --record " + file_ + " --record-interval " + interval);
    set_link("delay 5ms, rate 20mbit limit 50ms");
    send_traffic("--tcp -t 700ms -P 2");
    const nlohmann::json summary = tunnel.finish();
    const Record record = read_record(file_);
    std::map<std::string, FlowDirectionInterval> sums;
    std::size_t looks = 0;
    for (const RecordInterval& each : record.intervals) {
      looks += each.flows_ns == 0 ? 0 : 1;
      for (const FlowInterval& flow : each.flows) {
        FlowDirectionInterval& sum = sums[flow.protocol + flow.a + flow.b];
        sum.read += flow.directions[0].read;
        sum.dropped += flow.directions[0].dropped;
        sum.retransmitted_segments += flow.directions[0].retransmitted_segments;
        sum.rtts += flow.directions[0].rtts;
        if (flow.directions[0].rtts != 0) {
          EXPECT_GT(flow.directions[0].mean_rtt_ns, 4'000'000) << "a delay of 5 ms";
        }
      }
    }
    EXPECT_GE(looks, 7U);
    EXPECT_LE(looks, 40U) << "a look takes time";
    const nlohmann::json& flows = summary.at("flows").at("top");
    ASSERT_GE(flows.size(), 2U);
    for (const nlohmann::json& flow : flows) {
      const auto end_of = [&flow](const char* end) {
        return flow.at(end).at("address").get<std::string>() + ":" +
               std::to_string(flow.at(end).at("port").get<unsigned>());
      };
      const FlowDirectionInterval& sum =
          sums[flow.at("protocol").get<std::string>() + end_of("a") + end_of("b")];
      const nlohmann::json& direction = flow.at("a_to_b");
      EXPECT_EQ(sum.read, tally_in(direction.at("read")));
      EXPECT_EQ(sum.dropped, tally_in(direction.at("dropped")));
      EXPECT_EQ(sum.retransmitted_segments,
                direction.at("tcp").at("retransmitted_segments").get<std::uint64_t>());
      EXPECT_EQ(sum.rtts, direction.at("rtt_at_source_ns").at("count").get<std::uint64_t>());
    }
  }
}

TEST_F(RecordTest, ShowsEachStepOfARateAndTheDelayOfAFullQueue) {
  const std::string steps = folder_.write("steps.txt", "0 10mbit\n1s 50mbit\n2s 5mbit\n3s 5mbit\n");
  const std::string config =
      folder_.write("link.toml", "a-to-b = \"steps " + steps + " limit 100ms\"\n");
  RunningTunnel tunnel("--record " + file_ + " --config " + config);
  send_traffic("--rate 100mbit -l 1400 -t 2800ms");
  tunnel.finish();
  const Record record = read_record(file_);
  std::size_t full = 0;
  for (const RecordInterval& interval : record.intervals) {
    const double seconds = static_cast<double>(interval.to_ns - interval.from_ns) / 1e9;
    const StageInterval& stage = interval.directions[0].stages.at(0);
    ASSERT_TRUE(stage.capacity_bits);
    const double megabits_per_s = static_cast<double>(*stage.capacity_bits) / seconds / 1e6;
    const auto is_within = [&](double from_s, double to_s) {
      return static_cast<double>(interval.from_ns) / 1e9 > from_s &&
             static_cast<double>(interval.to_ns) / 1e9 < to_s;
    };
    // Steps count from when the link is made, some tenths of a second before the tunnel is ready.
    if (is_within(0, 0.5)) {
      EXPECT_NEAR(megabits_per_s, 10, 0.1);
    }
    if (is_within(1.05, 1.5)) {
      EXPECT_NEAR(megabits_per_s, 50, 0.5);
    }
    if (is_within(2.05, 2.5)) {
      EXPECT_NEAR(megabits_per_s, 5, 0.05);
    }
    // A queue of bytes that 100 ms of its rate carry, which has been full for a while. (What the
    // fast step has queued is too much for the slow one, and leaves slowly.)
    const bool has_been_full = is_within(0.25, 0.6) || is_within(1.3, 1.6);
    if (!has_been_full || stage.delay_ns.count == 0) continue;
    ++full;
    const double queue_ns = static_cast<double>(stage.queued_peak.bytes) * 8e3 / megabits_per_s;
    EXPECT_NEAR(static_cast<double>(stage.delay_ns.p50) / queue_ns, 1, 0.03)
        << interval.from_ns << ": " << stage.delay_ns.p50 << " ns, " << stage.queued_peak.bytes
        << " bytes";
  }
  EXPECT_GE(full, 2U);
}

TEST_F(RecordTest, OfARunningRelayBeginsAndEndsWithItsClient) {
  RunningTunnel tunnel("");
  send_traffic("--pps 1k -t 100ms");
  test::BackgroundProcess client(
      {test::program(), "record", "--interval", "10ms", "--duration", "500ms", file_});
  send_traffic("--pps 1k -t 200ms");
  const test::ProcessResult result = client.wait(milliseconds{5'000});
  EXPECT_TRUE(result.succeeded()) << result.describe();
  const nlohmann::json summary = tunnel.finish();
  const Record record = read_record(file_);
  EXPECT_TRUE(record.end);
  EXPECT_GT(record.intervals.front().from_ns, 50 * kNanosecondsPerMillisecond);
  std::uint64_t packets = 0;
  for (const RecordInterval& interval : record.intervals)
    packets += interval.directions[0].read.packets;
  EXPECT_GE(packets, 100U);
  EXPECT_LT(packets, test::packets_of(summary, "a_to_b", "read")) << "not those before it began";
  EXPECT_EQ(summary.at("record").at("failure"), "");
}

TEST_F(RecordTest, TwoAtOnceAreRefused) {
  RunningTunnel tunnel("--record " + file_);
  const test::ProcessResult second =
      run({test::program(), "record", "--duration", "1s", folder_ / "other"});
  EXPECT_FALSE(second.succeeded());
  EXPECT_THAT(second.standard_error, HasSubstr("end it first"));
  tunnel.finish();
  EXPECT_TRUE(read_record(file_).end);
}

TEST_F(RecordTest, NamesWhatHappensToTheTunnel) {
  RunningTunnel tunnel("--record " + file_);
  ASSERT_TRUE(
      test::run_shell("ip link set tun0 down && sleep 0.3 && ip link set tun0 up").succeeded());
  EXPECT_TRUE(tunnel.wait_for_event("repaired", "", test::kPatience));
  tunnel.finish();
  const Record record = read_record(file_);
  const auto has = [&record](const std::string& kind) {
    for (const RecordEvent& event : record.events)
      if (event.kind == kind && event.at_ns > 0) return true;
    return false;
  };
  EXPECT_TRUE(has("broken"));
  EXPECT_TRUE(has("repaired"));
}

TEST_F(RecordTest, HasTheMarksOfItsClients) {
  {
    RunningTunnel tunnel("");
    ControlClient relay(find_control(""));
    EXPECT_THROW(relay.call({{"method", "record_mark"}, {"text", "nobody records"}}), Error);
    tunnel.finish();
  }
  RunningTunnel tunnel("--record " + file_);
  ControlClient relay(find_control(""));
  relay.call({{"method", "record_mark"}, {"text", "a \"phase\": begins\n"}});
  tunnel.finish();
  const Record record = read_record(file_);
  ASSERT_EQ(record.events.size(), 1U);
  EXPECT_EQ(record.events[0].kind, "mark");
  EXPECT_EQ(record.events[0].text, "a \"phase\": begins\n");
  EXPECT_GT(record.events[0].at_ns, 0);
}

TEST_F(RecordTest, AFullDiskEndsTheRecordAndNotTheLink) {
  const test::SmallDisk disk;
  const std::string file = disk.folder() / "link.record";
  RunningTunnel tunnel("--record " + file + " --record-interval 1ms");
  EXPECT_TRUE(
      tunnel.wait_for_event("note", "could not be written: No space left", milliseconds{10'000}));
  send_traffic("--pps 1k -t 100ms");
  const nlohmann::json summary = tunnel.finish();
  EXPECT_THAT(summary.at("record").at("failure").get<std::string>(), HasSubstr("No space left"));
  EXPECT_GE(test::packets_of(summary, "a_to_b", "written"), 100U);
  const Record record = read_record(file);
  EXPECT_FALSE(record.end);
  EXPECT_GT(record.intervals.size(), 10U);
}

TEST_F(RecordTest, ExecMakesAPageInOneGo) {
  const std::string page = folder_ / "page.html";
  const test::ProcessResult result =
      run({test::program(), "exec", "-q", "--html", page, "--link", "lte", "--", "ping", "-c", "2",
           "-i", "0.2", "192.168.13.2"});
  EXPECT_TRUE(result.succeeded()) << result.describe();
  const std::string html = test::content_of(page);
  EXPECT_THAT(html, HasSubstr("<h1>ping -c 2 -i 0.2 192.168.13.2</h1>"));
  EXPECT_THAT(html, HasSubstr("Delay in the queue"));
  EXPECT_EQ(folder_.files(), 1U) << "the record is in memory";
  const test::ProcessResult refused = run(
      {test::program(), "exec", "--html", "/nowhere/page.html", "--", "touch", folder_ / "ran"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_EQ(folder_.files(), 1U) << "the command did not run";
}

TEST_F(RecordTest, RefusesAnIntervalThatCanNotBe) {
  for (const char* interval : {"0", "999us", "2h"}) {
    const test::ProcessResult refused =
        run({test::program(), "run", "--record", file_, "--record-interval", interval});
    EXPECT_EQ(refused.exit_code, 2) << interval;
    EXPECT_THAT(refused.standard_error, HasSubstr("not within 1.0 ms and 3600.00 s"));
  }
}

}  // namespace
}  // namespace tunrelay
