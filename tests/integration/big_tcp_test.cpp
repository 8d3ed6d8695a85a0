// SPDX-License-Identifier: MIT
// TCP beyond 64 KiB: it is proven at the start, used, seen by a receiver as one packet, and counted
// in wire segments all the same.
#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/tunnel_process.hpp"

namespace tunrelay {
namespace {

using test::output_of;
using test::run_shell;
using test::split;
using test::TunnelProcess;

class BigTcpTest : public test::PrivateNetwork, public ::testing::WithParamInterface<const char*> {
 protected:
  /// iperf3 from a to HOST, which must succeed.
  static void transfer(const std::string& host) {
    const test::ProcessResult result = run_shell(
        "iperf3 -s -1 > /dev/null & until ss -Hltn | grep -q :5201; do sleep 0.01; done; "
        "iperf3 -J -C reno -n 200M -c " +
        host + " | jq -e '.error == null'; wait");
    EXPECT_TRUE(result.succeeded()) << result.describe();
  }
};

TEST_P(BigTcpTest, CrossesAndIsCountedInWireSegments) {
  TunnelProcess tunnel(std::string("--congestion-control reno ") + GetParam());
  ASSERT_TRUE(tunnel.wait_until_ready());
  const nlohmann::json merging = tunnel.counters().at("merging");
  if (!merging.at("big_tcp")) {
    // A kernel before 6.3 says so; on a later one there is no reason to do without.
    EXPECT_NE(merging.at("reason").get<std::string>().find("Linux 6.3"), std::string::npos)
        << merging;
    return;
  }
  for (const char* host : {"192.168.13.2", "fd13::2"}) {
    SCOPED_TRACE(host);
    const nlohmann::json before = tunnel.counters().at("a_to_b");
    transfer(host);
    const nlohmann::json after = tunnel.counters().at("a_to_b");
    const auto grown = [&](const char* account, const char* unit) {
      return after.at(account).at(unit).get<std::int64_t>() -
             before.at(account).at(unit).get<std::int64_t>();
    };
    EXPECT_GT(grown("written", "bytes"), 200'000'000);
    EXPECT_GT(grown("written", "segments"), grown("written", "bytes") / 1500);
    EXPECT_GT(grown("written", "packets"),
              after.at("writes").get<std::int64_t>() - before.at("writes").get<std::int64_t>());
    EXPECT_TRUE(after.at("dropped").empty()) << after;
  }
}

TEST_F(BigTcpTest, IsOnePacketForAReceiver) {
  TunnelProcess tunnel("--congestion-control reno");
  ASSERT_TRUE(tunnel.wait_until_ready());
  if (!tunnel.counters().at("merging").at("big_tcp")) return;
  test::BackgroundProcess tcpdump(
      split("tcpdump -Z root -U -n -s 200 -i tun1 -Q in -w /run/in.pcap tcp port 5201"));
  ASSERT_TRUE(test::eventually(std::chrono::seconds(10), [&] {
    return tcpdump.standard_error().find("listening on") != std::string::npos;
  }));
  // On a busy machine the relay may find but one packet at a time, and tcpdump may miss some.
  const auto is_captured = [] {
    transfer("192.168.13.2");
    return !output_of(split("tshark -r /run/in.pcap -Y frame.len>65550 -T fields -e frame.len"))
                .empty();
  };
  EXPECT_TRUE(test::eventually(std::chrono::seconds(20), is_captured))
      << "no packet is larger than 64 KiB";
  tcpdump.send_signal(SIGINT);
  static_cast<void>(tcpdump.wait(std::chrono::seconds(10)));
}

TEST_F(BigTcpTest, IsOffWhereNothingIsMerged) {
  TunnelProcess tunnel("--coalesce off");
  ASSERT_TRUE(tunnel.wait_until_ready());
  EXPECT_FALSE(tunnel.counters().at("merging").at("big_tcp"));
}

TEST_F(BigTcpTest, IsOffAtDevicesOfAnAdministrator) {
  for (const char* device : {"tun0", "tun1"})
    output_of(split(std::string("ip tuntap add mode tun vnet_hdr name ") + device));
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  EXPECT_FALSE(tunnel.counters().at("merging").at("big_tcp"));
  EXPECT_TRUE(tunnel.counters().at("merging").at("tcp"));
}

INSTANTIATE_TEST_SUITE_P(All, BigTcpTest,
                         ::testing::Values("", "--type tap", "--engine syscall", "--queues 2",
                                           "--strategy classic"));

}  // namespace
}  // namespace tunrelay
