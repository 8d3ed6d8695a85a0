// SPDX-License-Identifier: MIT
// Whole numbers out of JSON: what a cast would change is refused.
#include "base/json_number.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

namespace tunrelay {
namespace {

using nlohmann::json;

TEST(JsonNumberTest, TakesEachNumberThatFits) {
  EXPECT_EQ(whole_number<std::uint8_t>(255), 255);
  EXPECT_EQ(whole_number<std::int8_t>(-128), -128);
  EXPECT_EQ(whole_number<int>(5.0), 5);
  EXPECT_EQ(whole_number<std::uint64_t>(json::parse("18446744073709551615")),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(whole_number<std::int64_t>(json::parse("-9223372036854775808")),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(whole_number<std::int64_t>(json::parse("-9007199254740992.0")), -9'007'199'254'740'992);
}

TEST(JsonNumberTest, RefusesWhatACastWouldChange) {
  for (const char* text : {"256", "-1", "1.5", "1e99", "-1e99", "18446744073709551615", "true",
                           "\"5\"", "null", "[5]"})
    EXPECT_FALSE(try_whole_number<std::uint8_t>(json::parse(text))) << text;
  for (const char* text : {"9223372036854775808", "1e19", "9007199254740994.0"})
    EXPECT_FALSE(try_whole_number<std::int64_t>(json::parse(text))) << text;
  EXPECT_FALSE(try_whole_number<std::uint64_t>(json(-1)));
  EXPECT_FALSE(try_whole_number<std::uint64_t>(json(std::numeric_limits<double>::quiet_NaN())));
}

TEST(JsonNumberTest, SaysWhichNumberAndWhatWasNeeded) {
  try {
    (void)whole_number<std::uint16_t>(json::object({{"port", 70'000}}), "port");
    FAIL() << "a port of 70000";
  } catch (const json::exception& error) {
    EXPECT_STREQ(error.what(), "a whole number from 0 to 65535 is needed, not 70000");
  }
}

TEST(JsonNumberTest, FallsBackOnlyWhereNothingIs) {
  const json object{{"there", 3}, {"wrong", "three"}};
  EXPECT_EQ(whole_number_or(object, "there", 7U), 3U);
  EXPECT_EQ(whole_number_or(object, "missing", 7U), 7U);
  EXPECT_THROW((void)whole_number_or(object, "wrong", 7U), json::exception);
  EXPECT_THROW((void)whole_number<unsigned>(object, "missing"), json::exception);
}

}  // namespace
}  // namespace tunrelay
