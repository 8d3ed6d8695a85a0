// SPDX-License-Identifier: MIT
// `--flows`: what it counts on real traffic against tshark's analysis of the same packets, and
// how it fares with more flows than it has room for.
//
// tshark sees each device's packets alone, as the table does. Where the two differ on purpose:
// - A segment below the highest number is called "retransmission" by tshark, or, if that is not
//   long ago, "out of order". At the sender's device it is a retransmission.
// - An acknowledgement that a hole has held up (it, or the one before, has SACK blocks, or is a
//   duplicate) is not a round-trip time here. tshark has it; this test leaves it out.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/linked_network.hpp"
#include "support/priority.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

constexpr const char* kServer =
    "iperf3 -s -1 >/dev/null & until ss -Hltn | grep -q :5201; do sleep 0.01; done; ";

/// A TCP segment in tshark's eyes.
struct Seen {
  std::string source_port, target_port;
  std::uint64_t payload_bytes = 0;
  bool is_again = false;  ///< a retransmission, or out of order
  bool has_hole = false;  ///< SACK blocks, or a duplicate ACK
  double ack_rtt_ns = 0;  ///< 0: none
  double initial_rtt_ns = 0;
};

/// Of the packets at the device INTERFACE (0: a) of the capture.
std::vector<Seen> seen_at(const std::string& capture, int interface) {
  const std::string side = capture + ".side";
  test::output_of({"tshark", "-r", capture, "-w", side, "-Y",
                   "frame.interface_id==" + std::to_string(interface) +
                       " && !(frame.comment contains \"dropped\")"});
  const std::string text = test::output_of(test::split(
      "tshark -r " + side +
      " -Y tcp -T fields -e tcp.srcport -e tcp.dstport -e tcp.len -e tcp.analysis.retransmission "
      "-e tcp.analysis.fast_retransmission -e tcp.analysis.out_of_order -e tcp.options.sack.count "
      "-e tcp.analysis.duplicate_ack -e tcp.analysis.ack_rtt -e tcp.analysis.initial_rtt"));
  std::vector<Seen> segments;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream words(line + "\t|");
    for (std::string word; std::getline(words, word, '\t');) fields.push_back(word);
    segments.push_back({fields.at(0), fields.at(1), std::stoull(fields.at(2)),
                        !(fields.at(3) + fields.at(4) + fields.at(5)).empty(),
                        !(fields.at(6) + fields.at(7)).empty(),
                        std::strtod(fields.at(8).c_str(), nullptr) * 1e9,
                        std::strtod(fields.at(9).c_str(), nullptr) * 1e9});
  }
  return segments;
}

std::vector<Seen> of_ports(const std::vector<Seen>& all, const std::string& source,
                           const std::string& target) {
  std::vector<Seen> some;
  for (const Seen& one : all)
    if (one.source_port == source && one.target_port == target) some.push_back(one);
  return some;
}

std::uint64_t payload_of(const std::vector<Seen>& segments) {
  std::uint64_t sum = 0;
  for (const Seen& one : segments) sum += one.payload_bytes;
  return sum;
}

/// The round-trip times of ACKS that no hole has held up, in ascending order.
std::vector<double> rtts_of(const std::vector<Seen>& acks) {
  std::vector<double> rtts;
  bool had_hole = false;
  for (const Seen& ack : acks) {
    if (ack.ack_rtt_ns != 0 && !had_hole && !ack.has_hole) rtts.push_back(ack.ack_rtt_ns);
    had_hole = ack.has_hole;
  }
  std::sort(rtts.begin(), rtts.end());
  return rtts;
}

void expect_same_median(const nlohmann::json& found, const std::vector<Seen>& acks) {
  constexpr std::size_t kEnough = 20;
  const std::vector<double> rtts = rtts_of(acks);
  if (rtts.size() < kEnough) return;
  // We take some of the samples: where those in the middle lie apart, as on a busy machine, the
  // median of some is not that of all.
  const auto p50 = found.at("p50").get<double>();
  const double low = rtts[rtts.size() * 2 / 5];
  const double high = rtts[rtts.size() * 3 / 5];
  EXPECT_GE(p50, low - std::max(0.05 * low, 20e3));
  EXPECT_LE(p50, high + std::max(0.05 * high, 20e3));
  EXPECT_NEAR(found.at("count").get<double>(), static_cast<double>(rtts.size()),
              0.1 * static_cast<double>(rtts.size()) + 5);
}

/// FROM, the direction's sender: 0: a.
void expect_agreement(const nlohmann::json& flow, int from,
                      const std::vector<std::vector<Seen>>& seen) {
  const nlohmann::json& direction = flow.at(from == 0 ? "a_to_b" : "b_to_a");
  const auto port = [&](int end) {
    return std::to_string(flow.at(end == 0 ? "a" : "b").at("port").get<int>());
  };
  const auto source = static_cast<std::size_t>(from);
  const auto at = [&](std::size_t side, bool is_forth) {
    return is_forth ? of_ports(seen.at(side), port(from), port(1 - from))
                    : of_ports(seen.at(side), port(1 - from), port(from));
  };
  const std::vector<Seen> read = at(source, true);
  const std::vector<Seen> written = at(1 - source, true);
  EXPECT_EQ(direction.at("read").at("segments"), read.size());
  EXPECT_EQ(direction.at("written").at("segments"), written.size());
  EXPECT_EQ(direction.at("read").at("payload_bytes"), payload_of(read));
  EXPECT_EQ(direction.at("written").at("payload_bytes"), payload_of(written));
  // What the link still held when the tunnel ended was neither written nor dropped: a few segments
  // of the connection's end.
  const auto dropped = direction.at("dropped").at("segments").get<std::size_t>();
  EXPECT_LE(dropped, read.size() - written.size());
  EXPECT_GE(dropped + 8, read.size() - written.size());
  EXPECT_EQ(direction.at("tcp").at("retransmitted_segments"),
            std::count_if(read.begin(), read.end(), [](const Seen& one) { return one.is_again; }));
  expect_same_median(direction.at("rtt_at_source_ns"), at(source, false));
  expect_same_median(direction.at("rtt_at_target_ns"), at(1 - source, false));
}

/// flows + former + other is what the lanes have counted.
void expect_sums(const nlohmann::json& summary) {
  for (const char* direction : {"a_to_b", "b_to_a"})
    for (const char* unit : {"packets", "segments", "bytes"})
      for (const char* tally : {"read", "written"}) {
        std::uint64_t sum = 0;
        for (const char* part : {"flows", "former", "other"})
          sum += summary.at("flows").at(part).at(direction).at(tally).at(unit).get<std::uint64_t>();
        EXPECT_EQ(sum, summary.at(direction).at(tally).at(unit)) << direction << tally << unit;
      }
}

class FlowsTest : public test::LinkedNetwork {
 protected:
  /// SCRIPT in a tunnel with FLAGS; its summary is compared with tshark's view of its packets.
  nlohmann::json compared(const std::string& flags, const std::string& script) {
    const std::string capture = folder_ / "c.pcapng";
    const std::string summary_file = folder_ / "summary.json";
    test::Command command = test::split(
        test::program() + " exec -q --flows --capture " + capture +
        " --capture-segments wire --capture-snaplen 128 --capture-buffer 256M --summary-file " +
        summary_file + " " + flags + " -- sh -euc");
    command.push_back(script);
    const test::ProcessResult result = test::run(command);
    EXPECT_TRUE(result.succeeded()) << result.describe();
    nlohmann::json summary = nlohmann::json::parse(test::content_of(summary_file));
    EXPECT_EQ(summary.at("capture").at("lost_packets"), 0);
    const std::vector<std::vector<Seen>> seen{seen_at(capture, 0), seen_at(capture, 1)};
    for (const nlohmann::json& flow : summary.at("flows").at("top")) {
      if (flow.at("protocol") != "tcp") continue;
      SCOPED_TRACE(flow.at("a").at("port"));
      expect_agreement(flow, 0, seen);
      expect_agreement(flow, 1, seen);
      for (const Seen& one : seen[0])
        if (one.source_port == std::to_string(flow.at("a").at("port").get<int>()) &&
            one.initial_rtt_ns != 0) {
          EXPECT_NEAR(flow.at("handshake_rtt_ns").get<double>(), one.initial_rtt_ns, 1000);
        }
    }
    expect_sums(summary);
    return summary;
  }
};

TEST_F(FlowsTest, AgreeWithTsharkAtFullSpeed) {
  const nlohmann::json summary =
      compared("", std::string(kServer) + "iperf3 -c 192.168.13.2 -C cubic -n 50M >/dev/null");
  const nlohmann::json& flow = summary.at("flows").at("top").at(0);
  EXPECT_EQ(flow.at("initiator"), "a");
  // The command may end, and the tunnel with it, before the last ACKs are sent.
  const auto acknowledged =
      flow.at("a_to_b").at("tcp").at("acknowledged_bytes").get<std::uint64_t>();
  const auto written = flow.at("a_to_b").at("written").at("payload_bytes").get<std::uint64_t>();
  EXPECT_LE(acknowledged, written);
  EXPECT_GE(acknowledged, written - (std::uint64_t{6} << 20U)) << "a receive window at most";
  EXPECT_TRUE(flow.at("a_to_b").at("tcp").at("sack_permitted"));
  EXPECT_EQ(flow.at("a_to_b").at("tcp").at("mss_bytes"), 1460);
}

TEST_F(FlowsTest, AgreeWithTsharkOnALossyLink) {
  const nlohmann::json summary =
      compared(link_flag("loss 0.5%, delay 5ms", "delay 5ms"),
               std::string(kServer) + "iperf3 -c 192.168.13.2 -C cubic -n 20M >/dev/null");
  const nlohmann::json& forth = summary.at("flows").at("top").at(0).at("a_to_b");
  EXPECT_GT(forth.at("dropped").at("segments"), 0);
  // What was lost last may be of the connection's end, which the tunnel did not wait for.
  EXPECT_GE(forth.at("tcp").at("retransmitted_segments").get<int>() + 2,
            forth.at("dropped").at("segments").get<int>());
  EXPECT_EQ(forth.at("tcp").at("out_of_order_segments"), 0) << "the link keeps the order";
  EXPECT_GT(forth.at("rtt_at_source_ns").at("p50"), 10e6);
  EXPECT_LT(forth.at("rtt_at_target_ns").at("p50"), 5e6);
}

TEST_F(FlowsTest, AgreeWithTsharkOnIpv6FromTheServerThroughASlowQueue) {
  compared(link_flag("", "rate 50mbit limit 30K, delay 2ms") + " --type tap --queues 2",
           std::string(kServer) + "iperf3 -c fd13::2 -R -P 2 -C cubic -n 3M >/dev/null");
}

TEST_F(FlowsTest, AgreeWithTsharkOnManyShortConnections) {
  const nlohmann::json summary =
      compared("",
               "python3 -m http.server --directory /usr/include --bind 192.168.13.2 8000 "
               ">/dev/null 2>&1 & until ss -Hltn | grep -q :8000; do sleep 0.01; done; "
               "for i in 1 2 3 4 5 6 7 8; do curl -s http://192.168.13.2:8000/stdio.h "
               ">/dev/null; done");
  EXPECT_GE(summary.at("flows").at("seen"), 8);
}

// The reordering of a link is not a retransmission of the sender's.
TEST_F(FlowsTest, ReorderedDatagramsAndSegmentsShow) {
  const nlohmann::json summary =
      compared(link_flag("delay 3ms 2ms"),
               std::string(kServer) + "iperf3 -c 192.168.13.2 -C cubic -n 3M >/dev/null");
  const nlohmann::json& tcp = summary.at("flows").at("top").at(0).at("a_to_b").at("tcp");
  EXPECT_GT(tcp.at("out_of_order_segments"), 0);
}

/// A datagram from a to each of PORTS ports of ADDRESS, some at a time.
void send_to_ports(const std::string& address, int ports) {
  const bool is_ipv4 = address.find(':') == std::string::npos;
  const int descriptor = ::socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(descriptor, 0);
  for (int port = 1; port <= ports; ++port) {
    sockaddr_in6 ipv6{};
    sockaddr_in ipv4{};
    ipv6.sin6_family = AF_INET6;
    ipv4.sin_family = AF_INET;
    ipv6.sin6_port = ipv4.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr);
    ::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr);
    const auto* target = is_ipv4 ? reinterpret_cast<const sockaddr*>(&ipv4)
                                 : reinterpret_cast<const sockaddr*>(&ipv6);
    ::sendto(descriptor, "datagram", 8, 0, target, is_ipv4 ? sizeof ipv4 : sizeof ipv6);
    if (port % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::close(descriptor);
}

TEST_F(FlowsTest, AHundredThousandFlowsTakeNoMoreMemoryAndLoseNothing) {
  test::come_first();
  test::RunningTunnel tunnel("--flows --flows-limit 1000 --queues 2");
  send_to_ports("192.168.13.2", 50'000);
  send_to_ports("fd13::2", 50'000);
  const nlohmann::json summary = tunnel.finish();
  const nlohmann::json& flows = summary.at("flows");
  EXPECT_GE(flows.at("seen"), 100'000);
  EXPECT_EQ(flows.at("limit"), 1000);
  EXPECT_EQ(flows.at("evicted"), flows.at("seen").get<std::uint64_t>() - 1000);
  EXPECT_LE(flows.at("memory_bytes"), 1000 * 11'264);
  EXPECT_EQ(summary.at("a_to_b").at("read").at("packets"),
            summary.at("a_to_b").at("written").at("packets"));
  EXPECT_EQ(summary.at("a").at("queue_dropped_packets"), 0);
  expect_sums(summary);
}

TEST_F(FlowsTest, AreNotCountedWithoutTheFlag) {
  test::RunningTunnel tunnel("");
  EXPECT_TRUE(tunnel.finish().at("flows").is_null());
}

TEST_F(FlowsTest, RefusesALimitThatCantBe) {
  for (const char* limit : {"15", "1000001"}) {
    const test::ProcessResult result = test::run(
        test::split(test::program() + " exec --flows --flows-limit " + limit + " -- true"));
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_THAT(result.standard_error, ::testing::HasSubstr("it is not from 16 to 1000000"));
  }
}

}  // namespace
}  // namespace tunrelay
