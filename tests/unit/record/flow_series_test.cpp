// SPDX-License-Identifier: MIT
// What flows do from one look to the next.
#include "record/flow_series.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tunrelay {
namespace {

FlowReport flow_of(std::uint16_t port, std::uint64_t first_ns, std::uint64_t bytes) {
  std::array<std::byte, 28> frame{};
  frame[0] = std::byte{0x45};
  frame[20] = static_cast<std::byte>(port >> 8U);
  frame[21] = static_cast<std::byte>(port);
  Packet packet;
  packet.frame = frame.data();
  packet.frame_bytes = frame.size();
  packet.layers = {.ether_type = 0x0800,
                   .ip_version = 4,
                   .protocol = 17,
                   .ip_offset = 0,
                   .transport_offset = 20,
                   .payload_offset = 28,
                   .fragment_header_offset = 0};
  FlowReport report{FlowKey(packet, Direction::kAToB), {}};
  report.counters.first_ns.set(first_ns);
  report.counters.directions[0].read.tally.set({bytes / 100, bytes / 100, bytes});
  report.counters.directions[0].rtt_at_source.summary.record(1'000, bytes / 100);
  return report;
}

FlowSnapshot snapshot_at(std::int64_t time_ns, std::vector<FlowReport> top) {
  FlowSnapshot snapshot;
  snapshot.time_ns = time_ns;
  snapshot.top = std::move(top);
  return snapshot;
}

TEST(FlowSeries, HasWhatHappenedSinceTheLastLook) {
  FlowSeries series;
  const auto first = series.next(snapshot_at(1'000, {flow_of(1, 500, 100), flow_of(2, 600, 900)}));
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].directions[0].read, (Tally{9, 9, 900}))
      << "the largest first, with all it had";
  const auto second = series.next(
      snapshot_at(2'000, {flow_of(1, 500, 400), flow_of(2, 600, 900), flow_of(3, 1'500, 200)}));
  ASSERT_EQ(second.size(), 2U) << "one has done nothing";
  EXPECT_EQ(second[0].directions[0].read, (Tally{3, 3, 300}));
  EXPECT_EQ(second[0].directions[0].rtts, 3U);
  EXPECT_EQ(second[0].directions[0].mean_rtt_ns, 1'000);
  EXPECT_EQ(second[1].directions[0].read, (Tally{2, 2, 200})) << "it began since";
}

TEST(FlowSeries, DoesNotCountWhatItDidNotSee) {
  FlowSeries series;
  static_cast<void>(series.next(snapshot_at(1'000, {})));
  EXPECT_TRUE(series.next(snapshot_at(2'000, {flow_of(1, 500, 1'000)})).empty())
      << "it was there before";
  const auto later = series.next(snapshot_at(3'000, {flow_of(1, 500, 1'100)}));
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].directions[0].read.bytes, 100U);
  const auto reused = series.next(snapshot_at(4'000, {flow_of(1, 3'500, 300)}));
  ASSERT_EQ(reused.size(), 1U);
  EXPECT_EQ(reused[0].directions[0].read.bytes, 300U) << "another flow with the same ports";
}

TEST(FlowSeries, HasTheLargestAlone) {
  FlowSeries series;
  std::vector<FlowReport> flows;
  for (std::uint16_t port = 1; port <= 30; ++port) flows.push_back(flow_of(port, 1, port * 100U));
  const auto largest = series.next(snapshot_at(1'000, flows));
  ASSERT_EQ(largest.size(), FlowSeries::kMaxFlows);
  EXPECT_EQ(largest.front().directions[0].read.bytes, 3'000U);
}

}  // namespace
}  // namespace tunrelay
