// SPDX-License-Identifier: MIT
// Datagrams of sizes around the MTU: those that are sent in fragments keep their place among those
// that are not, at any number of queues.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "support/private_network.hpp"
#include "support/running_tunnel.hpp"
#include "support/sockets.hpp"

namespace tunrelay {
namespace {

struct OrderFindings {
  std::uint32_t received = 0;
  std::uint32_t out_of_order = 0;
};

/// Sends datagrams of both kinds in turns, a number in each, and reads what arrives.
OrderFindings send_mixed_sizes(const std::string& from, const std::string& to) {
  constexpr std::uint32_t kDatagrams = 600;
  constexpr std::array<std::size_t, 5> kSizes{200, 4000, 1472, 1473, 60};
  const FileDescriptor source = test::bound_socket(from, SOCK_DGRAM);
  const FileDescriptor target = test::bound_socket(to, SOCK_DGRAM);
  const int room_bytes = 16 << 20;
  test::check_socket_call(
      ::setsockopt(target.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room_bytes, sizeof room_bytes),
      "SO_RCVBUFFORCE");
  test::connect_socket(source, test::name_of(target));
  std::vector<char> bytes(5000);
  for (std::uint32_t number = 0; number < kDatagrams; ++number) {
    std::memcpy(bytes.data(), &number, sizeof number);
    EXPECT_GT(::send(source.get(), bytes.data(), kSizes[number % kSizes.size()], 0), 0);
  }
  OrderFindings findings;
  std::uint32_t next = 0;
  pollfd readable{.fd = target.get(), .events = POLLIN, .revents = 0};
  while (findings.received<kDatagrams&& ::poll(&readable, 1, 1000)> 0) {
    if (::recv(target.get(), bytes.data(), bytes.size(), 0) < 0) break;
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    ++findings.received;
    if (number < next) ++findings.out_of_order;
    next = std::max(next, number + 1);
  }
  return findings;
}

class FragmentsTest : public test::PrivateNetwork,
                      public ::testing::WithParamInterface<const char*> {};

TEST_P(FragmentsTest, KeepTheOrderOfTheirFlow) {
  test::RunningTunnel tunnel(GetParam());
  for (const auto& [from, to] :
       {std::pair{"192.168.13.1", "192.168.13.2"}, std::pair{"192.168.13.2", "192.168.13.1"},
        std::pair{"fd13::1", "fd13::2"}, std::pair{"fd13::2", "fd13::1"}})
    for (int flow = 0; flow < 4; ++flow) {
      const OrderFindings findings = send_mixed_sizes(from, to);
      EXPECT_EQ(findings.received, 600U) << from << " flow " << flow;
      EXPECT_EQ(findings.out_of_order, 0U) << from << " flow " << flow;
    }
  EXPECT_TRUE(test::is_balanced(tunnel.finish()));
}

INSTANTIATE_TEST_SUITE_P(Queues, FragmentsTest,
                         ::testing::Values("--queues 1", "--queues 2", "--queues 4",
                                           "--queues 4 --type tap", "--queues 2 --engine syscall"));

}  // namespace
}  // namespace tunrelay
