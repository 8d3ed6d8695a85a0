// SPDX-License-Identifier: MIT
// On few CPUs two queues are chosen: TCP's flows are spread over both, and what is not TCP comes to
// the first alone.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "os/cpu_topology.hpp"
#include "support/private_network.hpp"
#include "support/running_tunnel.hpp"
#include "support/skip.hpp"
#include "support/sockets.hpp"

namespace tunrelay {
namespace {

constexpr int kSpreadFlows = 24;

class QueueChoiceTest : public test::PrivateNetwork,
                        public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(test::PrivateNetwork::SetUp());
    const std::vector<int> cpus = cpus_for_workers();
    if (cpus.size() < 2) test::skip_or_fail("it needs two CPUs");
    cpu_set_t two;
    CPU_ZERO(&two);
    for (std::size_t at = 0; at < 2; ++at) CPU_SET(static_cast<std::size_t>(cpus[at]), &two);
    ASSERT_EQ(::sched_getaffinity(0, sizeof all_, &all_), 0);
    ASSERT_EQ(::sched_setaffinity(0, sizeof two, &two), 0);
  }
  void TearDown() override {
    if (CPU_COUNT(&all_) != 0) ::sched_setaffinity(0, sizeof all_, &all_);
    test::PrivateNetwork::TearDown();
  }

 private:
  cpu_set_t all_{};
};

/// Some datagrams of many flows, some in fragments.
void send_datagrams(const std::string& from, const std::string& to) {
  const std::string text(3000, 'x');
  const FileDescriptor target = test::bound_socket(to, SOCK_DGRAM);
  for (int flow = 0; flow < kSpreadFlows; ++flow) {
    const FileDescriptor source = test::bound_socket(from, SOCK_DGRAM);
    test::connect_socket(source, test::name_of(target));
    for (const std::size_t length : {std::size_t{60}, text.size()})
      EXPECT_EQ(::send(source.get(), text.data(), length, 0), static_cast<ssize_t>(length));
  }
}

void make_connections(const std::string& from, const std::string& to) {
  const FileDescriptor listener = test::bound_socket(to, SOCK_STREAM);
  test::check_socket_call(::listen(listener.get(), kSpreadFlows), "listen");
  for (int flow = 0; flow < kSpreadFlows; ++flow) {
    const FileDescriptor source = test::bound_socket(from, SOCK_STREAM);
    test::connect_socket(source, test::name_of(listener));
  }
}

std::uint64_t packets_of_queue(const nlohmann::json& summary, std::size_t queue) {
  const nlohmann::json& worker = summary.at("workers").at(queue);
  return test::packets_of(worker, "a_to_b", "read") + test::packets_of(worker, "b_to_a", "read");
}

TEST_P(QueueChoiceTest, WhatIsNotTcpComesToTheFirstQueue) {
  test::RunningTunnel tunnel(GetParam());
  send_datagrams("192.168.13.1", "192.168.13.2");
  send_datagrams("fd13::2", "fd13::1");
  const nlohmann::json summary = tunnel.finish();
  ASSERT_EQ(summary.at("queues"), 2) << summary;
  EXPECT_GE(packets_of_queue(summary, 0), 2U * kSpreadFlows * 4);  // 1 + 3 fragments a flow
  EXPECT_EQ(packets_of_queue(summary, 1), 0U);
}

TEST_P(QueueChoiceTest, FlowsOfTcpAreSpread) {
  test::RunningTunnel tunnel(GetParam());
  make_connections("192.168.13.1", "192.168.13.2");
  make_connections("fd13::2", "fd13::1");
  const nlohmann::json summary = tunnel.finish();
  // Ports choose the queue: of 48 connections, of three packets or more each, either queue has less
  // than eight once in a million runs.
  EXPECT_GE(packets_of_queue(summary, 0), 8U * 3) << summary;
  EXPECT_GE(packets_of_queue(summary, 1), 8U * 3) << summary;
}

INSTANTIATE_TEST_SUITE_P(Devices, QueueChoiceTest,
                         ::testing::Values("", "--type tap", "--engine syscall"));

using QueueChoiceWithRateTest = QueueChoiceTest;

TEST_P(QueueChoiceWithRateTest, PacketsThatMeetHaveOneQueue) {
  test::RunningTunnel tunnel(GetParam());
  EXPECT_EQ(tunnel.finish().at("queues"), 1);
}

INSTANTIATE_TEST_SUITE_P(Links, QueueChoiceWithRateTest,
                         ::testing::Values("--link lte", "--link dsl"));

}  // namespace
}  // namespace tunrelay
