// SPDX-License-Identifier: MIT
// An impaired link across a running tunnel: what it does to packets, what the summary says of it,
// and how it is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/linked_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/sockets.hpp"

namespace tunrelay::test {
namespace {

using ImpairedLinkTest = LinkedNetwork;

/// Sends COUNT datagrams of BYTES from a to b as fast as it goes; nobody listens there.
void send_datagrams(int count, std::size_t bytes, std::uint16_t port) {
  const FileDescriptor source = bound_socket("192.168.13.1", SOCK_DGRAM);
  const SocketAddress target("192.168.13.2", port);
  const std::string payload(bytes, 'x');
  for (int sent = 0; sent < count; ++sent)
    ASSERT_EQ(
        ::sendto(source.get(), payload.data(), payload.size(), 0, target.get(), target.length),
        static_cast<ssize_t>(bytes));
}

std::uint64_t segments_of(const nlohmann::json& stage, const char* tally) {
  return stage.at(tally).at("segments").get<std::uint64_t>();
}

/// Waits until stage NUMBER of the way from a to b has let out or dropped COUNT wire segments.
void wait_for_segments(TunnelProcess& tunnel, std::size_t number, std::uint64_t count) {
  EXPECT_TRUE(eventually(kPatience, [&] {
    const nlohmann::json stage = tunnel.counters().at("link").at("a_to_b").at(number);
    return segments_of(stage, "passed") + segments_of(stage, "dropped") >= count;
  }));
}

TEST_F(ImpairedLinkTest, AShortQueueDropsABurstAndTheRestTakesItsTime) {
  for (const char* shape : {"", " --queues 2", " --type tap", " --offload off"}) {
    // A datagram of 972 bytes is one of 1000 on the wire, 10 ms at this rate; 14 more on a TAP.
    TunnelProcess tunnel(link_flag("rate 800kbit limit 20 packets", "") + shape);
    ASSERT_TRUE(tunnel.wait_until_ready()) << shape;
    send_datagrams(200, 972, 4711);
    wait_for_segments(tunnel, 0, 200);
    ASSERT_TRUE(tunnel.stop().succeeded()) << shape;
    const nlohmann::json summary = tunnel.last_event("summary");
    const nlohmann::json stage = summary.at("link").at("a_to_b").at(0);
    EXPECT_EQ(stage.at("stage"), "rate 800kbit limit 20 packets");
    EXPECT_GE(segments_of(stage, "taken"), 200U);
    EXPECT_EQ(segments_of(stage, "taken"),
              segments_of(stage, "passed") + segments_of(stage, "dropped"));
    EXPECT_GE(segments_of(stage, "passed"), 21U) << shape << ": the link and the queue";
    EXPECT_GE(segments_of(stage, "dropped"), 100U) << shape;
    EXPECT_GE(stage.at("since_read_ns").at("highest"), 195'000'000) << shape;
    EXPECT_TRUE(is_balanced(summary)) << summary.at("a_to_b");
    EXPECT_TRUE(summary.at("path").at("proven").get<bool>()) << shape;
  }
}

/// 500 datagrams, one each 80 us: most have waited for long, and leave several at a time.
TEST_F(ImpairedLinkTest, AStandingQueueIsNoWakeUpForEachPacket) {
  RunningTunnel tunnel(link_flag("rate 100mbit"));
  const auto waits = [&tunnel] {
    return tunnel.counters().at("workers").at(0).at("engine").at("waits").get<int>();
  };
  const int before = waits();
  send_datagrams(500, 972, 4711);
  wait_for_segments(tunnel, 0, 500);
  EXPECT_LT(waits() - before, 250);
}

TEST_F(ImpairedLinkTest, PacketsAreDelayedDoubledAndLostAndAllAreAccountedFor) {
  const std::string mine = " if \"udp port 4711\"";
  for (const char* shape : {"", " --queues 2", " --type tap --engine syscall"}) {
    TunnelProcess tunnel(link_flag("delay 20ms" + mine + ", duplicate 100%" + mine +
                                       ", loss every 4" + mine + ", corrupt 50%" + mine,
                                   "") +
                         shape);
    ASSERT_TRUE(tunnel.wait_until_ready()) << shape;
    send_datagrams(100, 1000, 4711);
    wait_for_segments(tunnel, 3, 150);
    ASSERT_TRUE(tunnel.stop().succeeded()) << shape;
    const nlohmann::json summary = tunnel.last_event("summary");
    const nlohmann::json stages = summary.at("link").at("a_to_b");
    EXPECT_EQ(segments_of(stages.at(0), "passed"), 100U) << shape;
    EXPECT_GE(stages.at(0).at("since_read_ns").at("p50"), 19'900'000) << shape;
    EXPECT_EQ(segments_of(stages.at(1), "passed"), 200U) << shape;
    EXPECT_EQ(segments_of(stages.at(2), "dropped"), 50U) << shape;
    EXPECT_EQ(segments_of(stages.at(3), "passed"), 150U) << shape;
    EXPECT_EQ(summary.at("a_to_b").at("made").at("segments"), 100U) << shape;
    EXPECT_TRUE(is_balanced(summary)) << summary.at("a_to_b");
  }
}

TEST_F(ImpairedLinkTest, TrafficIsPolicedGatheredAndRemarked) {
  const std::string mine = " if \"udp port 4711\"";
  for (const char* shape : {"", " --queues 2", " --type tap --engine syscall"}) {
    RunningTunnel tunnel(link_flag("dscp 46" + mine + ", policer 1kbit burst 20K" + mine +
                                       ", slot 20ms packets 8" + mine,
                                   "") +
                         shape);
    send_datagrams(100, 972, 4711);
    wait_for_segments(tunnel, 1, 100);
    wait_for_segments(tunnel, 2, 20);
    const nlohmann::json summary = tunnel.finish();
    const nlohmann::json stages = summary.at("link").at("a_to_b");
    EXPECT_EQ(segments_of(stages.at(0), "passed"), 100U) << shape;
    // 20 KiB of 1000 bytes each, or 1014 on a TAP, and what the bucket earns meanwhile.
    EXPECT_EQ(segments_of(stages.at(1), "passed"), 20U) << shape;
    EXPECT_EQ(stages.at(1).at("details").at("over_rate_segments"), 80) << shape;
    EXPECT_EQ(segments_of(stages.at(2), "passed"), 20U) << shape;
    EXPECT_GE(stages.at(2).at("details").at("slots"), 3) << shape << ": 8, 8 and 4";
    EXPECT_GE(stages.at(2).at("since_read_ns").at("highest"), 50'000'000) << shape;
    EXPECT_TRUE(is_balanced(summary)) << summary.at("a_to_b");
  }
}

TEST_F(ImpairedLinkTest, APacketLeavesWithTheTrafficClassThatTheLinkGivesIt) {
  RunningTunnel tunnel(link_flag("dscp 46, ecn bleach"));
  const std::string log = folder_ / "tcpdump.log";
  const ProcessResult result =
      run({"sh", "-c",
           "tcpdump -l -n -v -c 1 -i tun1 icmp 2> " + log + " & until grep -q listening " + log +
               "; do sleep 0.05; done; ping -n -q -c 1 -Q 1 192.168.13.2 > /dev/null; wait"});
  EXPECT_THAT(result.standard_output, ::testing::HasSubstr("tos 0xb8,")) << result.describe();
}

TEST_F(ImpairedLinkTest, EveryKindOfQueueCarriesABurst) {
  for (const char* kind : {"limit 20 packets drophead", "infinite", "red", "dualpi2",
                           "limit 20 packets fq_codel ecn"}) {
    RunningTunnel tunnel(link_flag(std::string("rate 8mbit ") + kind) + " --queues 2");
    send_datagrams(100, 972, 4711);
    wait_for_segments(tunnel, 0, 100);
    const nlohmann::json summary = tunnel.finish();
    const nlohmann::json stage = summary.at("link").at("a_to_b").at(0);
    EXPECT_EQ(stage.at("stage"), std::string("rate 8mbit ") + kind);
    // A full fq_codel drops half of what waits.
    EXPECT_GE(segments_of(stage, "passed"), 10U) << kind;
    EXPECT_TRUE(is_balanced(summary)) << kind << summary.at("a_to_b");
  }
}

TEST_F(ImpairedLinkTest, QueueMemoryIsBoundedAndReported) {
  RunningTunnel tunnel(link_flag("delay 2s if \"udp port 4711\"") + " --queue-memory 16M");
  // Two in a page each, in bursts that the device's queue holds.
  for (int burst = 0; burst < 20; ++burst) {
    send_datagrams(500, 1400, 4711);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  const nlohmann::json summary = tunnel.finish();
  constexpr std::uint64_t kLimit = std::uint64_t{16} << 20U;
  EXPECT_EQ(summary.at("workers").at(0).at("queued_bytes_limit"), kLimit);
  const nlohmann::json& lane = summary.at("a_to_b");
  EXPECT_GE(lane.at("queued_bytes_peak").get<std::uint64_t>(), kLimit * 9 / 10) << lane;
  EXPECT_LE(lane.at("queued_bytes_peak").get<std::uint64_t>(), kLimit) << lane;
  EXPECT_GT(lane.at("dropped").at("queue_memory_full").at("packets"), 500) << lane;
  EXPECT_EQ(summary.at("b_to_a").at("queued_bytes_peak"), 0);
  EXPECT_TRUE(is_balanced(summary)) << lane;
}

TEST_F(ImpairedLinkTest, AFilterChoosesPacketsAndAnOutageTakesAllButTheProof) {
  RunningTunnel tunnel(link_flag("mtu 500 if \"udp port 4711\"", "outage up 0 down 1h if icmp"));
  send_datagrams(10, 1000, 4711);
  send_datagrams(10, 1000, 4712);
  EXPECT_FALSE(run(split("ping -n -c 2 -i 0.2 -W 1 192.168.13.2")).succeeded());
  EXPECT_TRUE(run(split("ping -n -c 1 -W 1 fd13::2")).succeeded()) << "`icmp` is IPv4's";
  const nlohmann::json summary = tunnel.finish();
  const nlohmann::json narrow = summary.at("link").at("a_to_b").at(0);
  EXPECT_EQ(segments_of(narrow, "taken"), 10U);
  EXPECT_EQ(segments_of(narrow, "dropped"), 10U);
  const nlohmann::json outage = summary.at("link").at("b_to_a").at(0);
  EXPECT_GE(segments_of(outage, "dropped"), 2U);
  EXPECT_EQ(segments_of(outage, "passed"), 0U);
  EXPECT_TRUE(summary.at("path").at("proven").get<bool>());
  EXPECT_TRUE(is_balanced(summary));
}

TEST_F(ImpairedLinkTest, ALinkComesFromAFileWithItsTraceAndSeed) {
  folder_.write("up.trace", "10\n20\n30\n");
  RunningTunnel tunnel(link_flag("trace up.trace limit 64KiB pie", "mtu 1400") + " --seed 99");
  send_datagrams(3, 1472, 4711);
  wait_for_segments(tunnel, 0, 3);
  const nlohmann::json link = tunnel.finish().at("link");
  EXPECT_EQ(link.at("seed"), 99);
  EXPECT_GE(segments_of(link.at("a_to_b").at(0), "passed"), 3U);
  EXPECT_EQ(link.at("b_to_a").at(0).at("stage"), "mtu 1400");
}

TEST_F(ImpairedLinkTest, BadWordsAndFilesAreRefusedBeforeAnythingIsDone) {
  const std::string trace = folder_.write("back.trace", "5\n9\n7\n");
  const auto refusal = [](const std::vector<std::string>& flags) {
    std::vector<std::string> command{program(), "exec"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), {"--", "true"});
    const ProcessResult result = run(command);
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    return result.standard_error;
  };
  EXPECT_THAT(refusal({"--a-to-b", "rate 10mbit, dely 3ms"}),
              ::testing::HasSubstr("    rate 10mbit, dely 3ms\n                 ^^^^\n"));
  EXPECT_THAT(refusal({"--b-to-a", "trace " + trace}),
              ::testing::HasSubstr("back.trace:3: the time 7 comes after a later one, of line 2"));
  EXPECT_THAT(refusal({"--b-to-a", "mtu 1400 if \"no filter\""}),
              ::testing::HasSubstr("'no filter'"));
  EXPECT_THAT(refusal({"--link", "5g"}), ::testing::HasSubstr("profiles are 3g, "));
  EXPECT_THAT(refusal({"--link", folder_ / "none.toml"}), ::testing::HasSubstr("none.toml"));
}

TEST_F(ImpairedLinkTest, AProfileIsPrintedAsAFileThatCanBeUsed) {
  const ProcessResult list = run({program(), "link", "profiles"});
  ASSERT_TRUE(list.succeeded()) << list.describe();
  EXPECT_THAT(list.standard_output, ::testing::HasSubstr("dsl "));
  const ProcessResult one = run({program(), "link", "profiles", "dsl"});
  EXPECT_THAT(one.standard_output, ::testing::HasSubstr("\na-to-b = [\"rate 384kbit"));
}

}  // namespace
}  // namespace tunrelay::test
