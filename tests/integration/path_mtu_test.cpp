// SPDX-License-Identifier: MIT
// A narrower path across a running tunnel: where it answers, the kernel's path MTU discovery
// follows and TCP completes; where it is a black hole, TCP stalls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "support/linked_network.hpp"
#include "support/process.hpp"
#include "support/running_tunnel.hpp"
#include "support/sockets.hpp"

namespace tunrelay::test {
namespace {

using PathMtuTest = LinkedNetwork;

constexpr std::size_t kSentBytes = 200'000;

/// What became of kSentBytes that were sent from a to b in one go.
struct Transfer {
  std::size_t received = 0;
  std::uint32_t path_mtu = 0;  ///< as the sender's kernel has it at the end
};

/// Waits until nothing has come for PATIENCE, or all is there.
Transfer transfer(const std::string& from, const std::string& to,
                  std::chrono::milliseconds patience) {
  const FileDescriptor listener = bound_socket(to, SOCK_STREAM);
  check_socket_call(::listen(listener.get(), 1), "listen");
  const FileDescriptor sender = bound_socket(from, SOCK_STREAM);
  connect_socket(sender, name_of(listener));
  const FileDescriptor receiver(
      check_socket_call(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  const std::string payload(kSentBytes, 'x');
  constexpr int kAll = 1 << 20;
  ::setsockopt(sender.get(), SOL_SOCKET, SO_SNDBUF, &kAll, sizeof kAll);
  EXPECT_EQ(::send(sender.get(), payload.data(), payload.size(), MSG_DONTWAIT),
            static_cast<ssize_t>(kSentBytes));
  Transfer result;
  std::string buffer(kSentBytes, '\0');
  pollfd ready{.fd = receiver.get(), .events = POLLIN, .revents = 0};
  while (result.received < kSentBytes &&
         ::poll(&ready, 1, static_cast<int>(patience.count())) == 1) {
    const ssize_t bytes = ::recv(receiver.get(), buffer.data(), buffer.size(), 0);
    if (bytes <= 0) break;
    result.received += static_cast<std::size_t>(bytes);
  }
  tcp_info info{};
  socklen_t length = sizeof info;
  check_socket_call(::getsockopt(sender.get(), IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
  result.path_mtu = info.tcpi_pmtu;
  return result;
}

const nlohmann::json& narrow_stage(const nlohmann::json& summary) {
  return summary.at("link").at("a_to_b").at(0);
}

TEST_F(PathMtuTest, TcpFollowsWhatANarrowPathAnswers) {
  for (const char* shape : {"", " --type tap", " --queues 2 --engine syscall", " --offload off"}) {
    RunningTunnel tunnel(link_flag("mtu 1400 icmp") + shape);
    for (const auto& [from, to] :
         {std::pair{"192.168.13.1", "192.168.13.2"}, {"fd13::1", "fd13::2"}}) {
      const Transfer result = transfer(from, to, std::chrono::seconds{5});
      EXPECT_EQ(result.received, kSentBytes) << from << shape;
      EXPECT_EQ(result.path_mtu, 1400U) << from << shape;
      EXPECT_THAT(run({"ip", "route", "get", to, "from", from}).standard_output,
                  ::testing::HasSubstr("mtu 1400"))
          << shape;
    }
    const nlohmann::json summary = tunnel.finish();
    const auto answers = narrow_stage(summary).at("answers").get<std::uint64_t>();
    EXPECT_GE(answers, 2U) << shape;
    EXPECT_EQ(summary.at("b_to_a").at("made").at("packets"), answers) << shape;
    EXPECT_TRUE(is_balanced(summary)) << summary.at("b_to_a");
  }
}

TEST_F(PathMtuTest, TcpStallsBeforeABlackHole) {
  RunningTunnel tunnel(link_flag("mtu 1400"));
  for (const auto& [from, to] :
       {std::pair{"192.168.13.1", "192.168.13.2"}, {"fd13::1", "fd13::2"}}) {
    const Transfer result = transfer(from, to, std::chrono::seconds{1});
    EXPECT_EQ(result.received, 0U) << from;
    EXPECT_EQ(result.path_mtu, 1500U) << from;
  }
  const nlohmann::json summary = tunnel.finish();
  EXPECT_EQ(narrow_stage(summary).at("answers"), 0);
  EXPECT_GT(narrow_stage(summary).at("dropped").at("segments"), 2);
  EXPECT_TRUE(is_balanced(summary));
}

TEST_F(PathMtuTest, WhatMayBeFragmentedCrossesInFragments) {
  for (const char* shape : {"", " --type tap --engine syscall"}) {
    RunningTunnel tunnel(link_flag("mtu 1000 icmp", "mtu 600 icmp") + shape);
    // Echo request and reply; the second is sent in fragments, which are cut further.
    for (const char* bytes : {"1400", "4000"}) {
      const ProcessResult ping =
          run(split("ping -n -c 2 -i 0.2 -W 1 -M dont -s " + std::string(bytes) + " 192.168.13.2"));
      EXPECT_TRUE(ping.succeeded()) << shape << ping.describe();
    }
    const nlohmann::json summary = tunnel.finish();
    EXPECT_EQ(narrow_stage(summary).at("answers"), 0);
    EXPECT_EQ(summary.at("a_to_b").at("dropped"), nlohmann::json::object());
    EXPECT_TRUE(is_balanced(summary)) << summary.at("a_to_b");
  }
}

TEST_F(PathMtuTest, AnAnswerTakesTheOtherDirectionsWay) {
  RunningTunnel tunnel(link_flag("mtu 1000 icmp", "delay 300ms"));
  // The first ping is lost. What the kernel then knows it says without sending the second.
  const auto before = std::chrono::steady_clock::now();
  const ProcessResult first = run(split("ping -n -c 1 -W 2 -M do -s 1200 192.168.13.2"));
  EXPECT_THAT(first.standard_output, ::testing::HasSubstr("Frag needed and DF set (mtu = 1000)"))
      << first.describe();
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds{300});
  // "mtu=1000" or the error's text alone, as the release of ping has it.
  EXPECT_THAT(run(split("ping -n -c 1 -W 2 -M do -s 1200 192.168.13.2")).standard_error,
              ::testing::HasSubstr("essage too long"));
}

}  // namespace
}  // namespace tunrelay::test
