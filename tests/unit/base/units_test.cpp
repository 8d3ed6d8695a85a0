// SPDX-License-Identifier: MIT
// Quantities as users write them.
#include "base/units.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

ExitCode exit_code_of(auto call) {
  try {
    call();
  } catch (const Error& error) {
    return error.exit_code();
  }
  return ExitCode::kDone;
}

TEST(Units, RatesAreReadAsIperf3ReadsThem) {
  EXPECT_EQ(parse_rate_bits_per_s("10M"), 10'000'000U);
  EXPECT_EQ(parse_rate_bits_per_s("10Mbit"), 10'000'000U);
  EXPECT_EQ(parse_rate_bits_per_s("10 Mbit/s"), 10'000'000U);
  EXPECT_EQ(parse_rate_bits_per_s("1.5G"), 1'500'000'000U);
  EXPECT_EQ(parse_rate_bits_per_s("0"), 0U);
  EXPECT_EQ(parse_rate_bits_per_s("2KB/s"), 16'000U);
}

TEST(Units, AmbiguousRatesAreRefusedWithBothReadings) {
  for (const char* text : {"10kbps", "10mbps", "1Gbps", "900bps", "10Mb/s", "5b/s"}) {
    try {
      parse_rate_bits_per_s(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
      EXPECT_NE(std::string(error.what()).find("bits a second"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("bytes a second"), std::string::npos);
    }
  }
}

TEST(Units, SizesAreBinary) {
  EXPECT_EQ(parse_size_bytes("64K"), 65'536U);
  EXPECT_EQ(parse_size_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_size_bytes("1500"), 1'500U);
  EXPECT_EQ(parse_size_bytes("1500B"), 1'500U);
  EXPECT_EQ(parse_size_bytes("2M"), 2'097'152U);
}

TEST(Units, DurationsNeedAUnit) {
  EXPECT_EQ(parse_duration_ns("20ms"), 20'000'000);
  EXPECT_EQ(parse_duration_ns("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration_ns("250us"), 250'000);
  EXPECT_EQ(parse_duration_ns("7ns"), 7);
  EXPECT_EQ(parse_duration_ns("2m"), 120'000'000'000);
  EXPECT_EQ(parse_duration_ns("0"), 0);
  EXPECT_EQ(exit_code_of([] { parse_duration_ns("20"); }), ExitCode::kUsage);
}

TEST(Units, NonsenseIsAUsageError) {
  for (const char* text : {"", "-1", "abc", "1e999", "10Q", "nan", "1 2"}) {
    EXPECT_EQ(exit_code_of([&] { parse_rate_bits_per_s(text); }), ExitCode::kUsage) << text;
    EXPECT_EQ(exit_code_of([&] { parse_size_bytes(text); }), ExitCode::kUsage) << text;
    EXPECT_EQ(exit_code_of([&] { parse_duration_ns(text); }), ExitCode::kUsage) << text;
  }
}

TEST(Units, TooLargeIsRefusedNotWrapped) {
  EXPECT_EQ(exit_code_of([] { parse_size_bytes("99999999T"); }), ExitCode::kUsage);
  EXPECT_EQ(exit_code_of([] { parse_duration_ns("9999999999h"); }), ExitCode::kUsage);
}

TEST(Units, FormatsReadWell) {
  EXPECT_EQ(format_rate(27.1e9), "27.10 Gbit/s");
  EXPECT_EQ(format_rate(999), "999 bit/s");
  EXPECT_EQ(format_bytes(65'536), "64.0 KiB");
  EXPECT_EQ(format_bytes(12), "12 B");
  EXPECT_EQ(format_duration(12'300), "12.3 us");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'000), "1,000");
}

TEST(UnitsTest, ReadsPercentagesWithAndWithoutTheirSign) {
  EXPECT_DOUBLE_EQ(parse_percent("3%"), 0.03);
  EXPECT_DOUBLE_EQ(parse_percent("0.5"), 0.005);
  EXPECT_DOUBLE_EQ(parse_percent("250 %"), 2.5);
  for (const char* text : {"", "%", "-1", "3 percent", "0.03x"})
    EXPECT_EQ(test::thrown_error([text] { return parse_percent(text); }).exit_code(),
              ExitCode::kUsage)
        << text;
}

}  // namespace
}  // namespace tunrelay
