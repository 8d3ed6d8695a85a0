// SPDX-License-Identifier: MIT
// IRTT's JSON as a measurement.
#include "fit/irtt_json.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

std::string trip(int number, const std::string& lost, const std::string& delay) {
  return fmt::format(
      R"({{"seqno": {}, "lost": "{}", "timestamps": {{"client": {{"send": {{"monotonic": {}}}}}}},
          "delay": {{{}}}}})",
      number, lost, 1000 * number, delay);
}

const std::string kTrips = R"({"version": {}, "round_trips": [)" +
                           trip(0, "false", R"("rtt": 5000, "send": 2000, "receive": 3000)") + "," +
                           trip(1, "true_up", "") + "," + trip(2, "true_down", "") + "," +
                           trip(3, "true", "") + "," +
                           trip(4, "false", R"("rtt": 6000, "send": 1000, "receive": 5000)") + "]}";

TEST(IrttJson, KnowsWhichWayAPacketWasLost) {
  const LinkMeasurement measured = parse_irtt(kTrips, false, "i.json");
  EXPECT_TRUE(measured.round_trips);
  const SentPackets& there = measured.packets[0];
  const SentPackets& back = measured.packets[1];
  ASSERT_EQ(there.size(), 5U);
  ASSERT_EQ(back.size(), 4U);
  for (std::size_t at = 0; at < 5; ++at) EXPECT_EQ(there[at].arrived, at != 1) << at;
  EXPECT_TRUE(back[0].arrived);
  EXPECT_FALSE(back[1].arrived);
  EXPECT_FALSE(back[2].arrived);
  EXPECT_EQ(back[0].delay_ns, 5000);
  EXPECT_EQ(back[3].delay_ns, 6000);
  EXPECT_EQ(there[0].delay_ns, std::nullopt);
}

TEST(IrttJson, WithOneClockEachWayHasItsDelays) {
  const LinkMeasurement measured = parse_irtt(kTrips, true, "i.json");
  EXPECT_FALSE(measured.round_trips);
  EXPECT_EQ(measured.packets[0][0].delay_ns, 2000);
  EXPECT_EQ(measured.packets[1][0].delay_ns, 3000);
  EXPECT_EQ(measured.packets[0][4].delay_ns, 1000);
  EXPECT_EQ(measured.packets[1][3].delay_ns, 5000);
}

TEST(IrttJson, WhatCanNotBeIsRefused) {
  const auto refusal = [](const std::string& text, bool one_clock) {
    return std::string(thrown_error([&] { return parse_irtt(text, one_clock, "i.json"); }).what());
  };
  EXPECT_THAT(refusal("{\"round_trips\": [{}]}", false), HasSubstr("key 'lost' not found"));
  EXPECT_THAT(refusal("{", false), HasSubstr("parse error"));
  EXPECT_THAT(refusal("{\"round_trips\": []}", false), HasSubstr("no packet came back"));
  EXPECT_THAT(refusal("{\"round_trips\": [" + trip(0, "false", "\"rtt\": 5000") + "]}", true),
              HasSubstr("no times of the server"));
  EXPECT_THAT(refusal("{\"round_trips\": [" +
                          trip(0, "false", R"("rtt": 5, "send": -2, "receive": 7)") + "]}",
                      true),
              HasSubstr("the clocks differ"));
}

}  // namespace
}  // namespace tunrelay::test
