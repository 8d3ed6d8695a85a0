// SPDX-License-Identifier: MIT
// Values as people read them.
#include "base/figure.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace tunrelay::test {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

TEST(FigureTest, NumbersHaveFourDigits) {
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(-0.0), "0");
  EXPECT_EQ(format_number(1.23456), "1.235");
  EXPECT_EQ(format_number(12.3456), "12.35");
  EXPECT_EQ(format_number(123.456), "123.5");
  EXPECT_EQ(format_number(1234.56), "1,235");
  EXPECT_EQ(format_number(-1234567), "-1,234,567");
  EXPECT_EQ(format_number(-123), "-123.0");
  EXPECT_EQ(format_number(0.01234), "0.01234");
  EXPECT_EQ(format_number(1e-7), "1.000e-07");
  EXPECT_EQ(format_number(1e300), "1.000e+300");
  EXPECT_EQ(format_number(kNoNumber), "-");
  EXPECT_EQ(format_number(std::numeric_limits<double>::infinity()), "-");
}

TEST(FigureTest, EachUnitInTheScaleThatFits) {
  EXPECT_EQ(format_figure(27.1e9, "bits_per_s"), "27.10 Gbit/s");
  EXPECT_EQ(format_figure(999e3, "bits_per_s"), "999.0 Kbit/s");
  EXPECT_EQ(format_figure(12, "bits_per_s"), "12.00 bit/s");
  EXPECT_EQ(format_figure(195'000, "packets_per_s"), "195,000 packets/s");
  EXPECT_EQ(format_figure(12'300, "ns"), "12.30 us");
  EXPECT_EQ(format_figure(1.5e9, "ns"), "1.500 s");
  EXPECT_EQ(format_figure(0.4, "ns"), "0.400 ns");
  EXPECT_EQ(format_figure(-12'300, "ns"), "-12.30 us");
  EXPECT_EQ(format_latency(12), "12 ns");
  EXPECT_EQ(format_latency(12'300), "12.30 us");
  EXPECT_EQ(format_latency(5'034'400), "5.034 ms");
  EXPECT_EQ(format_latency(412'000'000'000), "412.0 s");
  EXPECT_EQ(format_figure(1710, "ns_per_packet"), "1,710 ns/packet");
  EXPECT_EQ(format_figure(65536, "bytes"), "64.00 KiB");
  EXPECT_EQ(format_figure(0.72, "ratio"), "0.720");
  EXPECT_EQ(format_figure(3, "lost_packets_per_s"), "3.000 lost packets/s");
  EXPECT_EQ(format_figure(kNoNumber, "ns"), "-");
}

TEST(FigureTest, ARangeIsInOneScale) {
  EXPECT_EQ(format_range(900e6, 1.1e9, "bits_per_s"), "0.900 to 1.100 Gbit/s");
  EXPECT_EQ(format_range(kNoNumber, 1, "ns"), "-");
}

TEST(FigureTest, ChangesAndPercentiles) {
  EXPECT_EQ(format_change(1.0512), "+5.12 %");
  EXPECT_EQ(format_change(0.8), "-20.0 %");
  EXPECT_EQ(format_change(1), "+0.00 %");
  EXPECT_EQ(format_change(kNoNumber), "-");
  EXPECT_EQ(format_percentile(99.999), "p99.999");
  EXPECT_EQ(format_percentile(50), "p50");
  EXPECT_EQ(format_percentile(0), "lowest");
  EXPECT_EQ(format_percentile(100), "highest");
}

}  // namespace
}  // namespace tunrelay::test
