// SPDX-License-Identifier: MIT
// More traffic than the tunnel can carry: what is lost is counted, and the end comes in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>

#include "support/process.hpp"
#include "support/resident_memory.hpp"
#include "support/sanitizer.hpp"
#include "support/temporary_folder.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class OverloadTest : public UnchangedNetwork {
 protected:
  /// A counter of `ip -s link`, of the direction rx or tx.
  static std::int64_t link_counter(const std::string& device, const char* way, const char* name) {
    const auto link = nlohmann::json::parse(output_of(split("ip -s -j link show " + device)));
    return link.at(0).at("stats64").at(way).at(name).get<std::int64_t>();
  }
  /// What was written to the device, whatever became of it.
  static std::int64_t packets_taken(const std::string& device) {
    return link_counter(device, "rx", "packets") + link_counter(device, "rx", "dropped");
  }
};

/// iperf3's server, listening.
struct Server : BackgroundProcess {
  Server() : BackgroundProcess(split("iperf3 --server --forceflush")) {
    EXPECT_TRUE(wait_for_line("Server listening", milliseconds{10'000}));
  }
};

TEST_F(OverloadTest, WhatAShortQueueDropsIsCounted) {
  for (const char* engine : {"uring", "syscall"}) {
    TunnelProcess tunnel(std::string("--txqueuelen 5 --engine ") + engine);
    ASSERT_TRUE(tunnel.wait_until_ready());
    // Our counters begin when the tunnel is ready.
    const std::int64_t sent_before = link_counter("tun0", "tx", "packets");
    const std::int64_t taken_before = packets_taken("tun1");
    const Server server;
    BackgroundProcess client(
        split("iperf3 -c 192.168.13.2 -u -b 0 -l 200 -t 2 --connect-timeout 5000"));
    ASSERT_TRUE(eventually(milliseconds{5'000}, [&] {
      return link_counter("tun0", "tx", "packets") > 1'000;
    })) << client.standard_error();
    // A relay that stands still fills its queue on any machine.
    tunnel.process().send_signal(SIGSTOP);
    std::this_thread::sleep_for(milliseconds{200});
    tunnel.process().send_signal(SIGCONT);
    const ProcessResult ended = client.wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.describe();
    const nlohmann::json counters = tunnel.counters();
    const nlohmann::json& lane = counters.at("a_to_b");
    EXPECT_GT(counters.at("a").at("queue_dropped_packets"), 0) << "the queue was never full";
    // All that the kernel says went out came to us, and all that we wrote went in.
    EXPECT_EQ(lane.at("read").at("packets"), link_counter("tun0", "tx", "packets") - sent_before);
    EXPECT_EQ(lane.at("writes"), packets_taken("tun1") - taken_before);
    const ProcessResult result = tunnel.stop();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_TRUE(last_event(result.standard_output, "summary").at("a_to_b").at("balanced"));
    EXPECT_TRUE(restored_within(milliseconds{0}, before_));
  }
}

TEST_F(OverloadTest, WhatAReceiverDropsIsCounted) {
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  BackgroundProcess receiver({"python3", "-uc",
                              "import socket, time\n"
                              "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                              "s.bind(('192.168.13.2', 9000))\n"
                              "print('bound')\n"
                              "time.sleep(60)  # and never reads\n"});
  ASSERT_TRUE(receiver.wait_for_line("bound", milliseconds{10'000}));
  output_of({"python3", "-c",
             "import socket\n"
             "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
             "for n in range(3000): s.sendto(bytes(1000), ('192.168.13.2', 9000))\n"});
  const nlohmann::json counters = tunnel.counters();
  EXPECT_GE(counters.at("a_to_b").at("written").at("segments"), 3000);
  const auto dropped = counters.at("sockets").at("udp_receive_drops").get<std::int64_t>();
  EXPECT_GT(dropped, 1000) << "a socket's buffer holds some hundreds";
  EXPECT_LT(dropped, 3000);
}

#ifndef TUNRELAY_UNDER_SANITIZER  // which has memory of its own beside each page
TEST_F(OverloadTest, MemoryFollowsQueuedPackets) {
  constexpr std::size_t kBesides = std::size_t{16} << 20U;
  const TemporaryFolder folder;
  const std::string config = folder.write("link.toml", "a-to-b = \"delay 200ms\"\n");
  for (const char* load : {"-u -b 300M -l 1400", "-u -b 10M -l 64", "-P 4"}) {
    TunnelProcess tunnel("--config " + config);
    ASSERT_TRUE(tunnel.wait_until_ready());
    const std::size_t idle = resident_bytes_of(tunnel.process().pid());
    const Server server;
    BackgroundProcess client(
        split(std::string("iperf3 -c 192.168.13.2 -t 2 --connect-timeout 5000 ") + load));
    std::size_t most = 0;
    std::deque<std::size_t> recently;  // memory stays for what was queued in the last second
    while (client.is_running()) {
      const auto queued =
          tunnel.counters().at("a_to_b").at("queued").at("bytes").get<std::size_t>();
      recently.push_back(queued);
      if (recently.size() > 12) recently.pop_front();
      const std::size_t peak = *std::max_element(recently.begin(), recently.end());
      EXPECT_LE(resident_bytes_of(tunnel.process().pid()), idle + 2 * peak + kBesides)
          << load << ", with " << queued << " bytes queued";
      most = std::max(most, queued);
      std::this_thread::sleep_for(milliseconds{100});
    }
    EXPECT_GT(most, 100'000U) << load;
    EXPECT_TRUE(eventually(milliseconds{5'000}, [&] {
      return resident_bytes_of(tunnel.process().pid()) <= idle + kBesides;
    })) << load;
  }
}
#endif

TEST_F(OverloadTest, StopsInTheMidstOfAFlood) {
  for (const char* flags : {"--queues 2", "--queues 1 --engine syscall", "--strategy classic"})
    for (const char* traffic : {"-P 2", "-u -b 0 -l 1000"}) {
      TunnelProcess tunnel(flags);
      ASSERT_TRUE(tunnel.wait_until_ready());
      const Server server;
      BackgroundProcess client(
          split(std::string("iperf3 -c 192.168.13.2 -t 30 --connect-timeout 5000 ") + traffic));
      ASSERT_TRUE(eventually(milliseconds{5'000}, [&] {
        return link_counter("tun0", "tx", "packets") > 20'000;
      })) << client.standard_error();
      const auto start = steady_clock::now();
      const ProcessResult result = tunnel.stop();
      EXPECT_LT(steady_clock::now() - start, milliseconds{2'000});
      EXPECT_EQ(result.exit_code, 0) << result.describe();
      const nlohmann::json summary = last_event(result.standard_output, "summary");
      EXPECT_TRUE(summary.at("a_to_b").at("balanced").get<bool>()) << summary.dump();
      EXPECT_TRUE(summary.at("b_to_a").at("balanced").get<bool>()) << summary.dump();
      EXPECT_TRUE(restored_within(milliseconds{0}, before_));
    }
}

}  // namespace
}  // namespace tunrelay::test
