// SPDX-License-Identifier: MIT
// A sink ends when it is stopped, whoever goes on sending to it.
#include "gen/sink.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "support/sockets.hpp"

namespace tunrelay {
namespace {

class FloodedSinkTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(FloodedSinkTest, Ends) {
  LoadSpec spec;
  spec.flows = GetParam();
  Sink sink(spec, IpAddress::parse("127.0.0.1"), 7);
  sink.start();
  const FileDescriptor other = test::bound_socket("127.0.0.1", SOCK_DGRAM);
  test::connect_socket(other, test::SocketAddress("127.0.0.1", sink.ports().front()));
  std::atomic<bool> stop{false};
  const std::int64_t begin_ns = monotonic_ns();
  constexpr std::int64_t kFloodNs = 5 * kNanosecondsPerSecond;
  std::thread flood([&] {
    while (!stop && monotonic_ns() < begin_ns + kFloodNs) {
      static_cast<void>(::send(other.get(), "x", 1, MSG_NOSIGNAL));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  while (sink.received().unexpected < 10 && monotonic_ns() < begin_ns + kFloodNs)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  sink.finish();
  EXPECT_LT(monotonic_ns(), begin_ns + kFloodNs) << "it waited for the end of the flood";
  stop = true;
  flood.join();
  EXPECT_GE(sink.received().unexpected, 10U);
}

INSTANTIATE_TEST_SUITE_P(Flows, FloodedSinkTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace tunrelay
