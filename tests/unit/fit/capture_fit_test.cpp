// SPDX-License-Identifier: MIT
// Captures as measurements: which packets belong together, which were lost, what is passed over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "fit/capture_pair.hpp"
#include "fit/capture_trips.hpp"
#include "fit/measurement_files.hpp"
#include "fit/rate_fit.hpp"
#include "packet/wire_format.hpp"
#include "support/naive_packet.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kMs = kNanosecondsPerMillisecond;
constexpr std::int64_t kBeginNs = 1'700'000'000 * kNanosecondsPerSecond;

/// A pcap file of raw IP packets with times in nanoseconds; they are sorted by time.
class PcapWriter {
 public:
  void add(std::int64_t at_ns, Bytes bytes) { packets_.push_back({at_ns, std::move(bytes)}); }

  std::string text() {
    std::stable_sort(packets_.begin(), packets_.end(),
                     [](const auto& left, const auto& right) { return left.first < right.first; });
    std::string text;
    for (const std::uint32_t word : {0xa1b23c4dU, 0x00040002U, 0U, 0U, 65535U, 101U})
      put(text, word);
    for (const auto& [at_ns, bytes] : packets_) {
      put(text, static_cast<std::uint32_t>((kBeginNs + at_ns) / kNanosecondsPerSecond));
      put(text, static_cast<std::uint32_t>((kBeginNs + at_ns) % kNanosecondsPerSecond));
      put(text, static_cast<std::uint32_t>(bytes.size()));
      put(text, static_cast<std::uint32_t>(bytes.size()));
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    return text;
  }

 private:
  static void put(std::string& text, std::uint32_t word) {
    text.append(reinterpret_cast<const char*>(&word), sizeof word);
  }

  std::vector<std::pair<std::int64_t, Bytes>> packets_;
};

/// The headers of a packet between the hosts 1 and 2.
PacketSpec between(std::uint8_t from, std::uint8_t to) {
  PacketSpec spec;
  spec.source_host = from;
  spec.destination_host = to;
  spec.checksum = ChecksumState::kComplete;
  return spec;
}

Bytes echo(std::uint8_t from, std::uint8_t to, std::uint8_t type, std::uint16_t number,
           int ip_version = 4) {
  PacketSpec spec = between(from, to);
  spec.ip_version = ip_version;
  spec.is_tcp = false;
  spec.payload = Bytes(20);
  Bytes bytes = build_frame(spec).bytes;
  const std::size_t at = ip_version == 4 ? 20 : 40;
  bytes[ip_version == 4 ? ipv4::kProtocol : ipv6::kNextHeader] =
      std::byte(ip_version == 4 ? 1 : 58);
  bytes[at] = std::byte(type);
  bytes[at + 1] = std::byte(0);
  set_u16(bytes, at + 4, 77);
  set_u16(bytes, at + 6, number);
  return bytes;
}

constexpr std::uint32_t kPayloadBytes = 1000;

Bytes segment(std::uint32_t sequence, std::uint16_t id = 1, std::uint8_t traffic_class = 0) {
  PacketSpec spec = between(1, 2);
  spec.sequence = sequence;
  spec.id = id;
  spec.traffic_class = traffic_class;
  spec.payload = Bytes(kPayloadBytes);
  return build_frame(spec).bytes;
}

/// With the block [SACKED, SACKED_END) where that is not empty.
Bytes acknowledgement(std::uint32_t until, std::uint32_t sacked = 0, std::uint32_t sacked_end = 0) {
  PacketSpec spec = between(2, 1);
  std::swap(spec.source_port, spec.destination_port);
  spec.acknowledgement = until;
  if (sacked_end != 0) {
    spec.tcp_options = Bytes(12, std::byte(1));  // no operation
    spec.tcp_options[2] = std::byte(5);
    spec.tcp_options[3] = std::byte(10);
    set_u32(spec.tcp_options, 4, sacked);
    set_u32(spec.tcp_options, 8, sacked_end);
  }
  return build_frame(spec).bytes;
}

class CaptureFit : public ::testing::Test {
 protected:
  std::string write(const std::string& name, PcapWriter& packets) const {
    return folder_.write(name, packets.text());
  }
  TemporaryFolder folder_;
};

TEST_F(CaptureFit, PingsAndTheirAnswers) {
  for (const int version : {4, 6}) {
    const bool is_ipv4 = version == 4;
    const auto request = static_cast<std::uint8_t>(is_ipv4 ? 8 : 128);
    const auto reply = static_cast<std::uint8_t>(is_ipv4 ? 0 : 129);
    PcapWriter packets;
    for (std::uint16_t number = 1; number <= 5; ++number) {
      packets.add(number * 100 * kMs, echo(1, 2, request, number, version));
      if (number != 3 && number != 5)
        packets.add(number * 100 * kMs + (20 + number) * kMs, echo(2, 1, reply, number, version));
    }
    packets.add(230 * kMs, echo(2, 1, reply, 2, version));  // a second answer
    packets.add(240 * kMs, echo(2, 1, reply, 9, version));  // to nothing
    packets.add(250 * kMs, echo(3, 1, request, 1, version));
    const LinkMeasurement measured = measure_trips(write("ping.pcap", packets));
    EXPECT_TRUE(measured.round_trips);
    std::vector<std::optional<std::int64_t>> trips;
    for (const SentPacket& ping : measured.packets[1]) trips.push_back(ping.delay_ns);
    // The fifth may still be under way.
    EXPECT_THAT(trips, ElementsAre(21 * kMs, 22 * kMs, std::nullopt, 24 * kMs)) << version;
  }
}

TEST_F(CaptureFit, SegmentsAreDeliveredWhenTheyAreAcknowledged) {
  PcapWriter packets;
  // From just before the sequence numbers begin again at 0.
  constexpr std::uint32_t kFirst = 0xffffff00;
  const auto sequence = [](std::uint32_t number) { return kFirst + number * kPayloadBytes; };
  for (std::uint32_t number = 0; number < 200; ++number) {
    packets.add(number * kMs, segment(sequence(number)));
    if (number == 50) continue;  // lost
    const bool is_behind_the_hole = number > 50 && number < 70;
    packets.add(number * kMs + 10 * kMs,
                is_behind_the_hole
                    ? acknowledgement(sequence(50), sequence(51), sequence(number + 1))
                    : acknowledgement(sequence(number + 1)));
  }
  packets.add(65 * kMs + 1, segment(sequence(50)));
  const SentPackets flow = measure_trips(write("tcp.pcap", packets)).flow;
  ASSERT_EQ(flow.size(), 201U);
  for (std::size_t at = 0; at < flow.size(); ++at) {
    const bool is_lost = at == 50;
    EXPECT_EQ(flow[at].arrived, !is_lost) << at;
    EXPECT_EQ(flow[at].bytes, kPayloadBytes + 40) << at;
    const std::int64_t expected_ns = at == 66 ? 80 * kMs - 65 * kMs - 1 : 10 * kMs;
    EXPECT_EQ(flow[at].delay_ns, is_lost ? std::nullopt : std::optional(expected_ns)) << at;
  }
}

TEST_F(CaptureFit, ATcpFlowAcrossABottleneckHasItsRate) {
  PcapWriter packets;
  constexpr std::int64_t kSegmentNs = 1'040 * 8 * 100;  // at 10 Mbit/s
  std::int64_t free_ns = 0;
  for (std::uint32_t number = 0; number < 4'000; ++number) {
    // A window of 50 segments.
    const std::int64_t at_ns = number < 50 ? number * 1000 : (number - 50) * kSegmentNs + 30 * kMs;
    packets.add(at_ns, segment(1 + number * kPayloadBytes));
    free_ns = std::max(free_ns, at_ns) + kSegmentNs;
    packets.add(free_ns + 20 * kMs, acknowledgement(1 + (number + 1) * kPayloadBytes));
  }
  const auto fit = fit_rate(measure_trips(write("tcp.pcap", packets)).flow);
  ASSERT_TRUE(fit);
  ASSERT_EQ(fit->steps.size(), 1U);
  EXPECT_NEAR(static_cast<double>(fit->steps.front().bits_per_s), 10e6, 0.1e6);
}

TEST_F(CaptureFit, TwoCapturesGiveEachWay) {
  PcapWriter at_a;
  PcapWriter at_b;
  for (std::uint16_t number = 0; number < 20; ++number) {
    const std::int64_t at_ns = number * 10 * kMs;
    at_a.add(at_ns, segment(number * kPayloadBytes, number));
    if (number != 7) {
      Bytes arrived = segment(number * kPayloadBytes, number, 3);  // marked on its way
      arrived[ipv4::kTtl] = std::byte(60);
      at_b.add(at_ns + 30 * kMs, arrived);
    }
    at_b.add(at_ns, echo(2, 1, 8, number));
    if (number != 9) at_a.add(at_ns + 5 * kMs, echo(2, 1, 8, number));
  }
  const LinkMeasurement measured = measure_pair(write("a.pcap", at_a), write("b.pcap", at_b));
  EXPECT_FALSE(measured.round_trips);
  for (const std::size_t way : {0U, 1U}) {
    const SentPackets& packets = measured.packets[way];
    ASSERT_EQ(packets.size(), 20U) << way;
    for (std::size_t at = 0; at < 20; ++at) {
      EXPECT_EQ(packets[at].arrived, at != (way == 0 ? 7U : 9U)) << way << " " << at;
      if (packets[at].arrived) {
        EXPECT_EQ(packets[at].delay_ns, (way == 0 ? 30 : 5) * kMs);
      }
    }
  }
  EXPECT_EQ(measured.packets[0][0].bytes, kPayloadBytes + 40);
}

TEST_F(CaptureFit, WhatSaysNothingIsRefused) {
  PcapWriter packets;
  PcapWriter others;
  for (std::uint16_t number = 0; number < 5; ++number) {
    packets.add(number * kMs, segment(number * kPayloadBytes, number));
    others.add(number * kMs, echo(3, 4, 8, number));
  }
  const std::string one = write("one.pcap", packets);
  const std::string other = write("other.pcap", others);
  EXPECT_THAT(thrown_error([&] { return measure_trips(one); }).what(),
              HasSubstr("no answered ping"));
  EXPECT_THAT(thrown_error([&] { return measure_pair(one, other); }).what(),
              HasSubstr("no packet stands in both"));
  EXPECT_THAT(thrown_error([&] { return read_measurement({one}, true); }).what(),
              HasSubstr("it is not IRTT's JSON"));
  const std::string compressed = folder_.write("i.json.gz", "\x1f\x8b\x08");
  EXPECT_THAT(thrown_error([&] { return read_measurement({compressed}, false); }).what(),
              HasSubstr("it is compressed"));
}

}  // namespace
}  // namespace tunrelay::test
