// SPDX-License-Identifier: MIT
// `--stage`: the example stages, built outside of the tree, across a real tunnel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <thread>

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

class StagesTest : public test::PrivateNetwork {};

std::string example(const std::string& name) {
  return TUNRELAY_EXAMPLES "/lib" + name + ".so";
}

/// A count of a stage, of both ends together.
std::uint64_t counted(const nlohmann::json& summary, std::size_t stage, const std::string& name) {
  std::uint64_t sum = 0;
  for (const char* end : {"a", "b"})
    sum += summary.at("stages").at(stage).at(end).at("counted").value(name, std::uint64_t{0});
  return sum;
}

TEST_F(StagesTest, AReplayTakesThemThroughVirtualTimeBothWays) {
  // 100 pings of the host to itself; the ARQ brings all across, though acknowledgements get lost.
  ASSERT_TRUE(run({test::program(), "exec", "-q", "--capture", "/run/c.pcapng", "--capture-filter",
                   "icmp", "ping", "-q", "-c", "100", "-i", "0.002", "192.168.13.2"})
                  .succeeded());
  std::string first;
  for (const char* output : {"/run/one.pcapng", "/run/two.pcapng"}) {
    const auto summary = nlohmann::json::parse(test::output_of(
        {test::program(), "replay", "/run/c.pcapng", output, "--stage", example("arq"), "--a-to-b",
         "delay 1ms, loss 20%", "--b-to-a", "loss 20%", "--seed", "5", "--json"}));
    EXPECT_EQ(summary.at("read").at("packets"), 100);
    EXPECT_EQ(summary.at("stages").at(0).at("b").at("from_link").at("passed"), 100);
    EXPECT_GT(counted(summary, 0, "sent again"), 10U);
    EXPECT_EQ(summary.at("queued").at("packets"), 0);
    const std::string times = test::output_of(
        {"tshark", "-r", output, "-T", "fields", "-e", "frame.time_relative", "-e", "ip.id"});
    EXPECT_EQ(first.empty() ? times : first, times) << "the same seed gives the same times";
    first = times;
  }
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 100);
  const test::ProcessResult refused = run({test::program(), "replay", "/run/c.pcapng",
                                           "/run/x.pcapng", "--stage", example("arq") + ",x=1"});
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();
}

/// Each place shows where it is from.
std::string pattern() {
  std::string text(400'000, '\0');
  for (std::size_t at = 0; at < text.size(); ++at) text[at] = static_cast<char>(at * 7 + at / 251);
  return text;
}

/// What arrives of the pattern over TCP.
std::string transfer() {
  const FileDescriptor listener = test::bound_socket("192.168.13.2", SOCK_STREAM);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  const FileDescriptor sender = test::bound_socket("192.168.13.1", SOCK_STREAM);
  test::connect_socket(sender, test::name_of(listener));
  const FileDescriptor receiver(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  std::thread sending([&sender] {
    const std::string text = pattern();
    EXPECT_EQ(::send(sender.get(), text.data(), text.size(), 0), std::ssize(text));
    ::shutdown(sender.get(), SHUT_WR);
  });
  std::string received;
  std::array<char, 65536> part{};
  for (ssize_t length = 0; (length = ::read(receiver.get(), part.data(), part.size())) > 0;)
    received.append(part.data(), static_cast<std::size_t>(length));
  sending.join();
  return received;
}

/// How often TCP has concluded from gaps in what arrived that something was lost.
std::string recoveries() {
  return test::run_shell(
             "awk '/^TcpExt/ { if (!n++) split($0, names); else for (i in names) if (names[i] == "
             "\"TCPSackRecovery\") print $i }' /proc/net/netstat")
      .standard_output;
}

TEST_F(StagesTest, PrintShowsEachPacketAndPassesIt) {
  test::RunningTunnel tunnel("--stage " + example("print") + ",bytes=4");
  ASSERT_TRUE(run(split("ping -n -c 2 -i 0.01 -W 1 192.168.13.2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  const std::string output = tunnel.process().standard_error();
  EXPECT_THAT(output, HasSubstr("device a sends 84 bytes: 45 00 00 54\n"));
  EXPECT_THAT(output, HasSubstr("device b sends 84 bytes: 45 00 00 54\n"));
  EXPECT_EQ(summary.at("stages").at(0).at("name"), "print");
  EXPECT_GE(summary.at("stages").at(0).at("a").at("from_device").at("passed"), 2);
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

TEST_F(StagesTest, ArqHidesALossyChannelFromTcp) {
  test::RunningTunnel tunnel("--stage " + example("arq") + ",loss=10,timeout_ms=1");
  EXPECT_EQ(transfer(), pattern());
  EXPECT_EQ(recoveries(), "0\n");
  const nlohmann::json summary = tunnel.finish();
  const nlohmann::json& stage = summary.at("stages").at(0);
  for (const char* end : {"a", "b"}) EXPECT_TRUE(stage.at(end).at("dropped").empty());
  EXPECT_GT(counted(summary, 0, "lost by the channel"), 50U);
  EXPECT_GT(counted(summary, 0, "sent again"), 50U);
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

TEST_F(StagesTest, CompressionMakesThePacketsSmallerOnTheLink) {
  // Over a channel that loses; the other stage repairs it.
  test::RunningTunnel tunnel("--stage " + example("compress") + " --stage " + example("arq") +
                             ",loss=2,timeout_ms=1");
  const auto result = run(split("ping -n -c 200 -i 0.002 -s 64 -W 1 192.168.13.2"));
  EXPECT_THAT(result.standard_output, HasSubstr(" 0% packet loss"));
  EXPECT_THAT(result.standard_output, ::testing::Not(HasSubstr("wrong data byte")));
  EXPECT_EQ(transfer(), pattern());
  const nlohmann::json summary = tunnel.finish();
  EXPECT_LT(counted(summary, 0, "bytes on the link"), counted(summary, 0, "bytes before") - 5'000);
  EXPECT_EQ(summary.at("stages").at(0).at("b").at("dropped"), nlohmann::json::object());
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

TEST_F(StagesTest, APairForEachQueueOverEthernet) {
  test::RunningTunnel tunnel("--type tap --queues 2 --stage " + example("arq") + ",loss=5");
  ASSERT_TRUE(run(split("ping -n -c 20 -i 0.002 -W 1 192.168.13.2")).succeeded());
  ASSERT_TRUE(run(split("ping -n -c 20 -i 0.002 -W 1 fd13::2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
}

TEST_F(StagesTest, WhatDoesNotDoIsRefusedBeforeAnythingIsMade) {
  const auto refused = [](const std::string& flags) {
    const auto result = run(split(test::program() + " run " + flags));
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_FALSE(run(split("ip link show tun0")).succeeded());
    return result.standard_error;
  };
  EXPECT_THAT(refused("--stage " TUNRELAY_TEST_STAGES "/libother_version.so"),
              HasSubstr("version 99"));
  EXPECT_THAT(refused("--stage " + example("arq") + ",loss=200"),
              HasSubstr("loss=200: not a number from 0 to 90"));
  EXPECT_THAT(refused("--stage " + example("arq") + ",lost=2"),
              HasSubstr("lost=2: there is no such key; there are: "));
  EXPECT_THAT(refused("--queues 2 --stage " TUNRELAY_TEST_STAGES "/libfit.so"),
              HasSubstr("leave --queues out"));
}

}  // namespace
}  // namespace tunrelay
