// SPDX-License-Identifier: MIT
// Quantities that are printed so that they are read back as the same number.
#include "base/exact_units.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/units.hpp"
#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(ExactUnits, ThePlainestFormIsPrinted) {
  EXPECT_EQ(print_ratio(0.001), "0.1%");
  EXPECT_EQ(print_ratio(0), "0%");
  EXPECT_EQ(print_ratio(1), "100%");
  EXPECT_EQ(print_ratio(0.07), "7%");
  EXPECT_EQ(print_ratio(0.123), "12.3%");
  EXPECT_EQ(print_ratio(1e-9), "0.0000001%");
  EXPECT_EQ(print_duration(20'000'000), "20ms");
  EXPECT_EQ(print_duration(1'500'000), "1500us");
  EXPECT_EQ(print_duration(0), "0");
  EXPECT_EQ(print_duration(7), "7ns");
  EXPECT_EQ(print_rate(100'000'000), "100mbit");
  EXPECT_EQ(print_rate(1'001), "1001bit");
  EXPECT_EQ(print_size(65'536), "64KiB");
  EXPECT_EQ(print_size(1'500), "1500B");
}

TEST(ExactUnits, PercentagesAreFromNoneToAll) {
  EXPECT_EQ(parse_ratio("25%"), 0.25);
  EXPECT_EQ(parse_ratio("0.1%"), 0.001);
  EXPECT_EQ(parse_ratio("100%"), 1.0);
  for (const char* text : {"0.1", "%", "", "-1%", "100.1%", "1e-3%", "1 %", "nan%", "5%%", "0x1%"})
    EXPECT_THROW(static_cast<void>(parse_ratio(text)), Error) << text;
}

TEST(ExactUnitsPropertyTest, WhatIsPrintedIsReadBack) {
  test::SeededRandom random;
  for (std::size_t round = 0; round < test::scaled(20'000); ++round) {
    const double ratio = static_cast<double>(random.between(0, UINT64_MAX)) / 0x1p64 *
                         (random.chance(0.5) ? 1 : 1e-6);
    ASSERT_EQ(parse_ratio(print_ratio(ratio)), ratio) << print_ratio(ratio);
    const std::uint64_t number = random.between(0, 1ULL << random.between(1, 52));
    const auto duration_ns = static_cast<std::int64_t>(number);
    ASSERT_EQ(parse_duration_ns(print_duration(duration_ns)), duration_ns);
    ASSERT_EQ(parse_rate_bits_per_s(print_rate(number)), number);
    ASSERT_EQ(parse_size_bytes(print_size(number)), number);
  }
}

}  // namespace
}  // namespace tunrelay
