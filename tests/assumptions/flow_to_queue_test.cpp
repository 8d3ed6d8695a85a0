// SPDX-License-Identifier: MIT
// The kernel learns from our writes which queue a flow belongs to: a flow that was written on
// queue i is answered on queue i. Hence queue i of both devices belongs to one worker.
#include <gtest/gtest.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "assumptions/tun.hpp"

namespace tunrelay::test {
namespace {

constexpr std::size_t kQueues = 4;
constexpr std::size_t kFlows = 64;
constexpr std::uint16_t kFirstPort = 20000;

class FlowToQueueTest : public TunTest {};

/// The port to which the next packet of QUEUE goes, or 0 when none waits.
std::uint16_t next_target_port(const FileDescriptor& queue) {
  std::array<std::byte, 2000> packet{};
  if (::read(queue.get(), packet.data(), packet.size()) <= 0) return 0;
  udphdr header{};
  std::memcpy(&header, packet.data() + sizeof(iphdr), sizeof header);
  return ntohs(header.dest);
}

TEST_F(FlowToQueueTest, IsLearnedFromWrites) {
  std::vector<FileDescriptor> queues;
  for (std::size_t queue = 0; queue < kQueues; ++queue)
    queues.push_back(open_tun("tun0", IFF_MULTI_QUEUE));
  ip("address add 192.168.13.1/24 dev tun0");
  ip("link set tun0 up");
  const FileDescriptor socket = bind_udp("192.168.13.1", 7000);
  for (std::size_t flow = 0; flow < kFlows; ++flow) {
    const auto port = static_cast<std::uint16_t>(kFirstPort + flow);
    const auto packet = make_udp_packet(port, 7000, 64);
    ASSERT_GT(::write(queues[flow % kQueues].get(), packet.data(), packet.size()), 0);
  }
  for (std::size_t flow = 0; flow < kFlows; ++flow)
    ASSERT_EQ(
        send_udp(socket, "192.168.13.2", static_cast<std::uint16_t>(kFirstPort + flow), 1, 64), 1U);
  std::size_t answers = 0;
  for (std::size_t queue = 0; queue < kQueues; ++queue)
    for (std::uint16_t port = 0; (port = next_target_port(queues[queue])) != 0; ++answers)
      EXPECT_EQ((port - kFirstPort) % kQueues, queue) << "flow " << port - kFirstPort;
  EXPECT_EQ(answers, kFlows);
}

}  // namespace
}  // namespace tunrelay::test
