// SPDX-License-Identifier: MIT
// `--trace`: a line a packet in the article's form, and a count of what came too fast.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "os/file_descriptor.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/sockets.hpp"

namespace tunrelay {
namespace {

using test::run;
using test::split;
using ::testing::HasSubstr;

class TraceTest : public test::PrivateNetwork {};

/// Lines of packets.
std::uint64_t traced_packets(const std::string& output) {
  std::uint64_t count = 0;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("read ")) ++count;
  return count;
}

std::uint64_t packets_read(const nlohmann::json& summary) {
  return test::packets_of(summary, "a_to_b", "read") + test::packets_of(summary, "b_to_a", "read");
}

TEST_F(TraceTest, PrintsALineAPacket) {
  test::RunningTunnel tunnel("--trace");
  ASSERT_TRUE(run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  ASSERT_TRUE(run(split("ping -n -c 1 -W 1 fd13::1")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  const std::string output = tunnel.process().standard_error();
  EXPECT_THAT(
      output,
      HasSubstr(
          "read 84 from tun0 queue 0  IPv4 ICMP 192.168.13.1 > 192.168.13.2 echo request id "));
  EXPECT_THAT(
      output,
      HasSubstr("read 84 from tun1 queue 0  IPv4 ICMP 192.168.13.2 > 192.168.13.1 echo reply id "));
  EXPECT_THAT(
      output,
      HasSubstr("read 104 from tun1 queue 0  IPv6 ICMPv6 fd13::2 > fd13::1 echo request id "));
  EXPECT_EQ(summary.at("trace_lost_packets"), 0);
  EXPECT_EQ(traced_packets(output), packets_read(summary));
}

TEST_F(TraceTest, NamesTheQueueOfEachPacket) {
  constexpr std::uint64_t kFlows = 64;  // so many that each queue has some
  test::RunningTunnel tunnel("--trace --queues 4 --type tap");
  const FileDescriptor target = test::bound_socket("192.168.13.2", SOCK_DGRAM);
  for (std::uint64_t flow = 0; flow < kFlows; ++flow) {
    const FileDescriptor source = test::bound_socket("192.168.13.1", SOCK_DGRAM);
    test::connect_socket(source, test::name_of(target));
    ASSERT_EQ(::send(source.get(), "x", 1, 0), 1);
  }
  // They wait in the kernel until it has found its neighbour on the TAP.
  ASSERT_TRUE(test::eventually(test::kPatience, [&tunnel] {
    return test::packets_of(tunnel.counters(), "a_to_b", "read") >= kFlows;
  }));
  const nlohmann::json summary = tunnel.finish();
  const std::string output = tunnel.process().standard_error();
  for (const char* queue : {"queue 0", "queue 1", "queue 2", "queue 3"})
    EXPECT_THAT(output,
                HasSubstr(std::string("read 43 from tap0 ") + queue + "  IPv4 UDP 192.168.13.1:"));
  EXPECT_EQ(traced_packets(output), packets_read(summary));
}

std::string read_to_end(const FileDescriptor& descriptor) {
  std::string output;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t length = ::read(descriptor.get(), part.data(), part.size());
    if (length <= 0) return output;
    output.append(part.data(), static_cast<std::size_t>(length));
  }
}

TEST_F(TraceTest, CountsWhatItCouldNotPrint) {
  constexpr int kPackets = 60'000;  // more than the trace's queue and the pipe hold
  const char* const pipe = "/run/trace";
  ASSERT_EQ(::mkfifo(pipe, 0600), 0);
  test::BackgroundProcess process(
      {"sh", "-c", "exec \"$0\" run --json --trace 2> /run/trace", test::program()});
  const FileDescriptor reader(::open(pipe, O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(reader.is_open());
  ASSERT_TRUE(process.wait_for_line("{\"event\":\"ready\"", test::tunnel_process::kReadyLimit));
  // Nobody reads now, so the printer is held up; the packets are not.
  const FileDescriptor target = test::bound_socket("192.168.13.2", SOCK_DGRAM);
  const FileDescriptor source = test::bound_socket("192.168.13.1", SOCK_DGRAM);
  test::connect_socket(source, test::name_of(target));
  for (int packet = 0; packet < kPackets; ++packet)
    ASSERT_EQ(::send(source.get(), &packet, sizeof packet, 0), ssize_t{sizeof packet});
  // One answer is enough: the first may meet a queue that is still full.
  EXPECT_TRUE(run(split("ping -n -c 5 -i 0.2 -W 1 192.168.13.2")).succeeded());
  process.send_signal(SIGINT);
  const std::string output = read_to_end(reader);
  ASSERT_TRUE(process.wait().succeeded()) << process.wait().describe();
  const std::string answers = process.standard_output();
  const std::size_t place = answers.rfind("\n{", answers.size() - 2);
  ASSERT_NE(place, std::string::npos);
  const auto summary = nlohmann::json::parse(answers.substr(place));
  ASSERT_EQ(summary.at("event"), "summary");
  const auto lost = summary.at("trace_lost_packets").get<std::uint64_t>();
  const auto dropped = summary.at("a").at("queue_dropped_packets").get<std::uint64_t>();
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(traced_packets(output) + lost, packets_read(summary));
  EXPECT_GE(packets_read(summary) + dropped, std::uint64_t{kPackets});
}

TEST_F(TraceTest, EndsThoughNobodyReadsIt) {
  const char* const pipe = "/run/trace";
  ASSERT_EQ(::mkfifo(pipe, 0600), 0);
  const FileDescriptor reader(::open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader.is_open());
  test::BackgroundProcess process(
      {"sh", "-c", "exec \"$0\" run --json --trace 2> /run/trace", test::program()});
  ASSERT_TRUE(process.wait_for_line("{\"event\":\"ready\"", test::tunnel_process::kReadyLimit));
  ASSERT_TRUE(run(split("ping -q -n -f -c 2000 192.168.13.2")).succeeded());
  process.send_signal(SIGINT);
  EXPECT_TRUE(test::eventually(std::chrono::seconds{3}, [] {
    return !run(split("ip link show tun0")).succeeded();
  })) << "the host is restored first";
  const test::ProcessResult result = process.wait();
  ASSERT_TRUE(result.succeeded()) << result.describe();
  const std::string& answers = result.standard_output;
  const std::size_t place = answers.rfind("\n{", answers.size() - 2);
  ASSERT_NE(place, std::string::npos);
  const auto summary = nlohmann::json::parse(answers.substr(place));
  const auto lost = summary.at("trace_lost_packets").get<std::uint64_t>();
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(traced_packets(read_to_end(reader)) + lost, packets_read(summary));
}

}  // namespace
}  // namespace tunrelay
