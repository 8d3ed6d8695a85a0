// SPDX-License-Identifier: MIT
// What sends and receives takes no memory while it does: its times would be the allocator's.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gen/load_socket.hpp"
#include "gen/receive_statistics.hpp"
#include "gen/receiver.hpp"
#include "gen/request_client.hpp"
#include "gen/sender.hpp"
#include "gen/socket_sender.hpp"
#include "os/wait_until.hpp"
#include "support/allocation_counter.hpp"

namespace tunrelay {
namespace {

using test::allocations_of;

constexpr std::uint16_t kTrialNumber = 5;
constexpr std::uint64_t kSent = 2'000;
/// An unpaced sender fills the receiver's socket, which then drops: it holds more than that.
constexpr std::uint64_t kEnough = 100;

struct PatternCase {
  const char* name;
  LoadProtocol protocol;
  LoadPattern pattern;
  double messages_per_s;  ///< 0: unpaced
};

class LoopAllocationTest : public ::testing::TestWithParam<PatternCase> {
 protected:
  static LoadSpec spec_of(const PatternCase& one) {
    LoadSpec spec;
    spec.protocol = one.protocol;
    spec.pattern = one.pattern;
    spec.messages_per_s = one.messages_per_s;
    spec.count = kSent;
    spec.duration_ns = 120 * kNanosecondsPerSecond;  // for a slow machine: COUNT ends it
    return spec;
  }

  /// A connected socket, from one end of lo to the sink's.
  static FileDescriptor source_to(const FileDescriptor& sink, int type) {
    const IpAddress lo = local_address_of(sink);
    FileDescriptor source = bind_load_socket(type, lo, 0);
    connect_load_socket(source, lo, port_of(sink), kNanosecondsPerSecond);
    return source;
  }
};

TEST_P(LoopAllocationTest, SendingAndReceivingTakesNoMemory) {
  const LoadSpec spec = spec_of(GetParam());
  const bool udp = spec.protocol == LoadProtocol::kUdp;
  const int type = udp ? SOCK_DGRAM : SOCK_STREAM;
  const PayloadPattern pattern(spec.seed, spec.payload_bytes.front());
  std::atomic<bool> stop_sender{false};
  std::atomic<bool> stop_receiver{false};

  std::vector<FileDescriptor> sinks;
  sinks.push_back(bind_load_socket(type, IpAddress::parse("127.0.0.1"), 0));
  if (!udp) listen_on(sinks.front());
  ReceiveStatistics statistics(spec, pattern, kTrialNumber, 0, false);
  const ReceiverParts parts{.spec = spec,
                            .pattern = pattern,
                            .statistics = statistics,
                            .stop = stop_receiver,
                            .echo = spec.has_responses()};
  const std::unique_ptr<Receiver> receiver =
      udp ? make_udp_receiver(parts, sinks) : make_tcp_receiver(parts, sinks.front(), {});
  std::uint64_t taken_by_receiver = 0;
  std::thread thread([&] { taken_by_receiver = allocations_of([&] { receiver->run(); }); });

  std::vector<FileDescriptor> sources;
  sources.push_back(source_to(sinks.front(), type));
  ReceiveStatistics answers(spec, pattern, kTrialNumber, 0, true);
  std::unique_ptr<SocketSender> outlet;
  if (spec.has_responses())
    outlet = (udp ? make_udp_request_client : make_tcp_request_client)(sources, spec, pattern,
                                                                       answers, stop_sender);
  else
    outlet =
        udp ? make_udp_sender(sources, pattern, 1) : make_tcp_sender(sources, pattern, stop_sender);
  Sender sender(spec, {.trial = kTrialNumber, .thread = 0, .begin_ns = monotonic_ns()}, *outlet,
                stop_sender);
  EXPECT_EQ(allocations_of([&] { sender.run(); }), 0U);
  // On a busy machine the receiver may not have had a CPU yet.
  const auto has_received = [&] { return statistics.live().messages.get() >= kEnough; };
  EXPECT_TRUE(wait_until(has_received, 10 * kNanosecondsPerSecond, kNanosecondsPerMillisecond))
      << "the loop has run";
  stop_receiver = true;
  thread.join();
  EXPECT_EQ(taken_by_receiver, 0U);
  EXPECT_EQ(sender.report().messages, kSent);
}

INSTANTIATE_TEST_SUITE_P(
    Patterns, LoopAllocationTest,
    ::testing::Values(
        PatternCase{"udp_paced", LoadProtocol::kUdp, LoadPattern::kStream, 20'000},
        PatternCase{"udp_unpaced", LoadProtocol::kUdp, LoadPattern::kStream, 0},
        PatternCase{"tcp", LoadProtocol::kTcp, LoadPattern::kStream, 0},
        PatternCase{"udp_requests", LoadProtocol::kUdp, LoadPattern::kRequestResponse, 0},
        PatternCase{"tcp_requests", LoadProtocol::kTcp, LoadPattern::kRequestResponse, 0}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace tunrelay
