// SPDX-License-Identifier: MIT
// What a receiver makes of messages: exact counts whatever comes in whatever order.
#include "gen/receive_statistics.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace tunrelay {
namespace {

constexpr std::uint16_t kTrial = 77;

class ReceiveStatisticsTest : public ::testing::Test {
 protected:
  std::vector<std::byte> datagram(std::uint16_t flow, std::uint32_t sequence,
                                  std::int64_t intended_ns = 1'000, bool counts = true) const {
    std::vector<std::byte> bytes(64);
    const MessageHeader header{
        .tag = static_cast<std::uint16_t>(kTrial | (counts ? kCountsBit : 0)),
        .flow = flow,
        .sequence = sequence,
        .intended_ns = intended_ns};
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, pattern_.of(flow, sequence),
                bytes.size() - sizeof header);
    return bytes;
  }
  bool take(const std::vector<std::byte>& bytes, std::int64_t now_ns = 5'000) {
    return statistics_.take_datagram(bytes, now_ns);
  }

  static LoadSpec three_flows() {
    LoadSpec spec;
    spec.flows = 3;
    spec.duration_ns = 1'000'000;
    return spec;
  }

  LoadSpec spec_ = three_flows();
  PayloadPattern pattern_{4, 64};
  ReceiveStatistics statistics_{spec_, pattern_, kTrial, 0, false};
};

TEST_F(ReceiveStatisticsTest, CountsWhatComesOnceTwiceAndOutOfOrder) {
  for (const std::uint32_t sequence : {0U, 1U, 3U, 2U, 3U, 7U})
    EXPECT_TRUE(take(datagram(1, sequence)));
  EXPECT_TRUE(take(datagram(2, 0)));
  const ReceiveReport report = statistics_.report();
  EXPECT_EQ(report.sequence.received, 6U);
  EXPECT_EQ(report.sequence.duplicates, 1U);
  EXPECT_EQ(report.sequence.reordered, 1U);
  EXPECT_EQ(report.bytes, 7U * 64);
  EXPECT_EQ(report.corrupt, 0U);
  EXPECT_EQ(report.delay.count(), 7U);
  EXPECT_EQ(report.delay.value_at_percentile(50), 4'001) << "to three digits";
}

TEST_F(ReceiveStatisticsTest, LeavesTheWarmUpOut) {
  EXPECT_TRUE(take(datagram(0, 0, 1'000, false)));
  EXPECT_EQ(statistics_.report().sequence.received, 0U);
  EXPECT_EQ(statistics_.live().messages.get(), 1U);
}

TEST_F(ReceiveStatisticsTest, FindsEveryChangedByte) {
  for (std::uint32_t at = kMessageHeaderBytes; at < 64; ++at) {
    auto bytes = datagram(0, at);
    bytes[at] ^= std::byte{0x10};
    EXPECT_TRUE(take(bytes));
  }
  EXPECT_EQ(statistics_.report().corrupt, 64U - kMessageHeaderBytes);
}

TEST_F(ReceiveStatisticsTest, RefusesWhatIsNotOfThisTrial) {
  EXPECT_FALSE(take({}));
  EXPECT_FALSE(take(std::vector<std::byte>(15)));
  EXPECT_FALSE(take(std::vector<std::byte>(64)));
  EXPECT_FALSE(take(datagram(3, 0))) << "there are flows 0 to 2";
  // As long as UDP can be: longer than any pattern.
  auto longer = datagram(0, 0);
  longer.resize(65'000);
  EXPECT_TRUE(take(longer)) << "ours by its header";
  EXPECT_EQ(statistics_.report().corrupt, 1U);
  EXPECT_EQ(statistics_.report().unexpected, 4U);
}

TEST_F(ReceiveStatisticsTest, GoesOnWhenSequenceNumbersStartAgain) {
  // Half of the numbers is as far as a message can be ahead.
  for (const std::uint32_t sequence :
       {0U, 0x70000000U, 0xe0000000U, 0xffffffffU, 0U, 1U, 0xfffffffeU})
    EXPECT_TRUE(take(datagram(0, sequence)));
  const ReceiveReport report = statistics_.report();
  EXPECT_EQ(report.sequence.received, 7U);
  EXPECT_EQ(report.sequence.duplicates, 0U);
  EXPECT_EQ(report.sequence.reordered, 1U);
}

TEST_F(ReceiveStatisticsTest, ThroughputIsOfTheDurationFromTheFirstMessageOn) {
  take(datagram(0, 0), 10'000);
  take(datagram(0, 1), 1'010'000);
  take(datagram(0, 2), 1'010'001);
  const ReceiveReport report = statistics_.report();
  EXPECT_EQ(report.window_messages, 2U);
  EXPECT_EQ(report.window_ns, 1'000'000);
  EXPECT_DOUBLE_EQ(throughput_bits_per_s(report), 2 * 64 * 8 / 1e-3);
}

TEST(ResponseStatisticsTest, SeparatesTheWayBack) {
  const LoadSpec spec;
  const PayloadPattern pattern(1, 64);
  ReceiveStatistics statistics(spec, pattern, kTrial, 0, true);
  std::vector<std::byte> bytes(64);
  const MessageHeader header{
      .tag = kTrial | kCountsBit, .flow = 0, .sequence = 0, .intended_ns = 1'000};
  const std::int64_t reflected_ns = 1'400;
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, pattern.of(0, 0), bytes.size() - sizeof header);
  std::memcpy(bytes.data() + sizeof header, &reflected_ns, sizeof reflected_ns);
  EXPECT_TRUE(statistics.take_datagram(bytes, 2'000));
  const ReceiveReport report = statistics.report();
  EXPECT_EQ(report.corrupt, 0U);
  EXPECT_EQ(report.delay.highest(), Histogram::highest_at(Histogram::index_of(1'000)));
  EXPECT_EQ(report.delay_back.highest(), Histogram::highest_at(Histogram::index_of(600)));
}

}  // namespace
}  // namespace tunrelay
