// SPDX-License-Identifier: MIT
// What the handshake, the flags and the windows of a connection say, segment by segment. What its
// data says is compared with a naive reference in flow_property_test.cpp.
#include "flow/tcp_analysis.hpp"

#include <gtest/gtest.h>

#include "flow/quic_analysis.hpp"
#include "support/naive_packet.hpp"

namespace tunrelay {
namespace {

class TcpAnalysisTest : public ::testing::Test {
 protected:
  /// Reads RUN and writes it 10 ns later, 1000 ns after the one before.
  void cross(const TcpRun& run, Direction direction) {
    now_ns_ += 1000;
    analysis_.arrived(run, direction, now_ns_, counters_);
    analysis_.left(run, direction, now_ns_ + 10, counters_);
  }
  void forth(const TcpRun& run) { cross(run, Direction::kAToB); }
  void back(const TcpRun& run) { cross(run, Direction::kBToA); }
  static TcpRun data(std::uint32_t sequence, std::uint32_t bytes) {
    return {.sequence = sequence,
            .payload_bytes = bytes,
            .segment_bytes = bytes,
            .acknowledgement = 501,
            .window = 100,
            .flags = tcp::kAck,
            .options = {}};
  }
  static TcpRun ack(std::uint32_t number, std::uint16_t window = 100) {
    return {.sequence = 501,
            .payload_bytes = 0,
            .segment_bytes = 0,
            .acknowledgement = number,
            .window = window,
            .flags = tcp::kAck,
            .options = {}};
  }
  void shake_hands() {
    TcpRun syn{
        .sequence = 100, .window = 100, .flags = tcp::kSyn | tcp::kEce | tcp::kCwr, .options = {}};
    syn.options.mss_bytes = 1460;
    syn.options.window_scale = 0;
    syn.options.sack_permitted = true;
    forth(syn);
    TcpRun answer{.sequence = 500,
                  .acknowledgement = 101,
                  .window = 100,
                  .flags = tcp::kSyn | tcp::kAck,
                  .options = {}};
    answer.options.mss_bytes = 1400;
    back(answer);
    forth(data(101, 0));
  }
  [[nodiscard]] const FlowDirectionCounters& at_a() const { return counters_.directions[0]; }
  [[nodiscard]] const FlowDirectionCounters& at_b() const { return counters_.directions[1]; }

  TcpAnalysis analysis_;
  FlowCounters counters_;
  std::int64_t now_ns_ = 0;
};

TEST_F(TcpAnalysisTest, ReadsTheHandshake) {
  shake_hands();
  EXPECT_EQ(counters_.handshake_rtt_ns.get(), 2000U);
  EXPECT_EQ(counters_.initiator.get(), 0U);
  EXPECT_EQ(at_a().tcp.mss_bytes.get(), 1460U);
  EXPECT_EQ(at_b().tcp.mss_bytes.get(), 1400U);
  EXPECT_EQ(at_a().tcp.window_scale.get(), 1U) << "the shift and one";
  EXPECT_EQ(at_b().tcp.window_scale.get(), 0U);
  EXPECT_EQ(at_a().tcp.sack_permitted.get(), 1U);
  EXPECT_EQ(at_a().tcp.ecn_requested.get(), 1U);
  EXPECT_EQ(at_a().tcp.ece_segments.get(), 0U) << "that of the handshake is not congestion";
  EXPECT_EQ(at_a().rtt_at_source.summary.count.get(), 1U) << "of the SYN";
  EXPECT_EQ(at_a().rtt_at_source.summary.sum_ns.get(), 1010U);
  EXPECT_EQ(at_a().rtt_at_target.summary.sum_ns.get(), 990U);
  EXPECT_EQ(at_a().tcp.acknowledged_bytes.get(), 0U) << "a SYN is not payload";
}

TEST_F(TcpAnalysisTest, TheFinIsNotPayload) {
  shake_hands();
  TcpRun end = data(101, 50);
  end.flags |= tcp::kFin;
  forth(end);
  back(ack(152));
  EXPECT_EQ(at_a().tcp.acknowledged_bytes.get(), 50U);
  EXPECT_EQ(at_a().tcp.fins.get(), 1U);
  EXPECT_EQ(at_a().tcp.bytes_in_flight.get(), 0U);
  EXPECT_EQ(at_a().tcp.bytes_in_flight_peak.get(), 51U);
}

TEST_F(TcpAnalysisTest, KeepAlivesAreNotRetransmissions) {
  shake_hands();
  forth(data(101, 50));
  back(ack(151));
  forth(data(150, 0));
  forth(data(150, 1));
  EXPECT_EQ(at_a().tcp.keep_alives.get(), 2U);
  EXPECT_EQ(at_a().tcp.retransmitted_segments.get(), 0U);
  EXPECT_EQ(at_a().tcp.duplicate_segments.get(), 0U);
  forth(data(101, 50));
  EXPECT_EQ(at_a().tcp.retransmitted_segments.get(), 1U);
  EXPECT_EQ(at_a().tcp.spurious_segments.get(), 1U);
  EXPECT_EQ(at_a().tcp.duplicate_segments.get(), 1U);
}

TEST_F(TcpAnalysisTest, CountsZeroWindowsAndDuplicateAcks) {
  shake_hands();
  forth(data(101, 50));
  back(ack(101, 100));
  back(ack(101, 90));  // another window: an update
  EXPECT_EQ(at_b().tcp.duplicate_acks.get(), 1U);
  back(ack(151, 0));
  EXPECT_EQ(at_b().tcp.zero_windows.get(), 1U);
  back(ack(151, 0));  // nothing is under way
  EXPECT_EQ(at_b().tcp.duplicate_acks.get(), 1U);
}

TEST_F(TcpAnalysisTest, CountsSackAndReportsOfDuplicates) {
  shake_hands();
  forth(data(101, 50));
  forth(data(201, 50));  // 151 to 201 is missing
  TcpRun sack = ack(151);
  sack.options.sack_block_count = 1;
  sack.options.sack_blocks[0] = {201, 251};
  back(sack);
  EXPECT_EQ(at_b().tcp.sack_acks.get(), 1U);
  EXPECT_EQ(at_b().tcp.dsack_acks.get(), 0U);
  sack.options.sack_blocks[0] = {101, 151};  // below the acknowledgement
  back(sack);
  EXPECT_EQ(at_b().tcp.dsack_acks.get(), 1U);
  sack.options.sack_block_count = 2;  // within the second
  sack.options.sack_blocks[0] = {211, 221};
  sack.options.sack_blocks[1] = {201, 251};
  back(sack);
  EXPECT_EQ(at_b().tcp.dsack_acks.get(), 2U);
  EXPECT_EQ(at_a().rtt_at_source.summary.count.get(), 1U) << "of the SYN: a hole holds up the rest";
}

TEST_F(TcpAnalysisTest, TimeStampsMeasureWhatSendsNoData) {
  shake_hands();
  TcpRun stamped = ack(101);
  stamped.options.timestamps = {7000, 1};
  back(stamped);
  TcpRun echo = data(101, 10);
  echo.options.timestamps = {2, 6999};  // of an earlier one
  forth(echo);
  EXPECT_EQ(at_b().tcp.timestamp_rtt_at_source.count.get(), 0U);
  echo.options.timestamps = {2, 7000};
  forth(echo);
  EXPECT_EQ(at_b().tcp.timestamp_rtt_at_source.count.get(), 1U);
  EXPECT_EQ(at_b().tcp.timestamp_rtt_at_source.sum_ns.get(), 2010U);
  EXPECT_EQ(at_b().tcp.timestamp_rtt_at_target.sum_ns.get(), 1990U);
}

TEST_F(TcpAnalysisTest, AConnectionThatIsUnderWayAlreadyIsTakenUp) {
  back(ack(3'000'000'000));
  forth(data(3'000'000'000, 100));
  back(ack(3'000'000'100));
  EXPECT_EQ(at_a().tcp.retransmitted_segments.get(), 0U);
  EXPECT_EQ(at_a().rtt_at_source.summary.count.get(), 1U);
  EXPECT_EQ(at_a().tcp.acknowledged_bytes.get(), 100U);
  EXPECT_EQ(counters_.handshake_rtt_ns.get(), 0U);
}

// More holes at once than are remembered: nothing wrong is said of what fills them.
TEST_F(TcpAnalysisTest, ABurstOfLossesIsNeitherReorderingNorDuplication) {
  shake_hands();
  for (std::uint32_t segment = 0; segment < 400; ++segment) {
    now_ns_ += 1000;
    analysis_.arrived(data(101 + segment * 10, 10), Direction::kAToB, now_ns_, counters_);
    if (segment % 2 == 0)
      analysis_.left(data(101 + segment * 10, 10), Direction::kAToB, now_ns_, counters_);
  }
  for (std::uint32_t segment = 1; segment < 399; segment += 2)
    analysis_.arrived(data(101 + segment * 10, 10), Direction::kAToB, now_ns_, counters_);
  for (std::uint32_t segment = 1; segment < 399; segment += 2)
    analysis_.left(data(101 + segment * 10, 10), Direction::kAToB, now_ns_, counters_);
  EXPECT_EQ(at_a().tcp.retransmitted_segments.get(), 199U);
  EXPECT_EQ(at_a().tcp.out_of_order_segments.get(), 0U);
  EXPECT_EQ(at_a().tcp.duplicate_segments.get(), 0U);
  EXPECT_EQ(at_a().tcp.unclassified_segments.get(), 199U - MissingRanges::kMaxRanges);
}

TEST_F(TcpAnalysisTest, CongestionMarksComeBack) {
  shake_hands();
  TcpRun echo = ack(101);
  echo.flags |= tcp::kEce;
  back(echo);
  TcpRun reduced = data(101, 10);
  reduced.flags |= tcp::kCwr;
  forth(reduced);
  EXPECT_EQ(at_b().tcp.ece_segments.get(), 1U);
  EXPECT_EQ(at_a().tcp.cwr_segments.get(), 1U);
}

class QuicAnalysisTest : public ::testing::Test {
 protected:
  void cross(const test::Bytes& datagram, std::int64_t now_ns) {
    analysis_.arrived(datagram, Direction::kAToB, now_ns, counters_);
    analysis_.left(datagram, Direction::kAToB, now_ns + 7, counters_);
  }
  static test::Bytes initial(std::uint32_t version) {
    test::Bytes bytes = test::counting_bytes(1200);
    bytes[0] = std::byte{0xc3};
    test::set_u32(bytes, 1, version);
    bytes[5] = std::byte{8};
    return bytes;
  }
  static test::Bytes one_rtt(bool spin) {
    return {spin ? std::byte{0x61} : std::byte{0x41}, std::byte{1}, std::byte{2}};
  }
  [[nodiscard]] const RttSummary& rtt() const {
    return counters_.directions[0].rtt_at_source.summary;
  }

  QuicAnalysis analysis_;
  FlowCounters counters_;
};

TEST_F(QuicAnalysisTest, TheSpinBitsEdgesAreARoundTripApart) {
  cross(initial(1), 1000);
  EXPECT_EQ(counters_.quic_version.get(), 1U);
  std::int64_t now_ns = 2000;
  bool spin = false;
  for (int round = 0; round < 5; ++round, spin = !spin)
    for (int packet = 0; packet < 10; ++packet) cross(one_rtt(spin), now_ns += 100);
  EXPECT_EQ(rtt().count.get(), 3U) << "the first edge begins";
  EXPECT_EQ(rtt().mean_ns(), 1000);
  EXPECT_EQ(counters_.directions[0].rtt_at_target.summary.mean_ns(), 1000);
  // Two packets that changed places make no round trip.
  cross(one_rtt(spin), now_ns += 100);
  cross(one_rtt(!spin), now_ns += 10);
  cross(one_rtt(spin), now_ns += 10);
  EXPECT_EQ(rtt().lowest_ns.get(), 1000U);
}

TEST_F(QuicAnalysisTest, WhatIsNotQuicHasNeither) {
  cross(one_rtt(false), 1000);
  cross(one_rtt(true), 2000);
  cross(one_rtt(false), 3000);
  for (const std::uint32_t version : {0U, 2U, 0x12345678U}) cross(initial(version), 4000);
  test::Bytes short_one = initial(1);
  short_one.resize(6);
  cross(short_one, 5000);
  cross({}, 6000);
  EXPECT_EQ(counters_.quic_version.get(), 0U);
  EXPECT_EQ(rtt().count.get(), 0U);
  cross(initial(0x6b3343cf), 7000);
  EXPECT_EQ(counters_.quic_version.get(), 0x6b3343cfU);
}

}  // namespace
}  // namespace tunrelay
