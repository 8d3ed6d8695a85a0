// SPDX-License-Identifier: MIT
// Rates that are fitted: what a bottleneck of known rates let through gives these rates again.
#include "fit/rate_fit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "fit/link_fit.hpp"
#include "link/link_file.hpp"
#include "link/stage_text.hpp"
#include "link/trace_file.hpp"
#include "support/random.hpp"

namespace tunrelay::test {
namespace {

constexpr std::int64_t kOneMs = kNanosecondsPerMillisecond;
constexpr std::uint32_t kBytes = 1500;

/// A link with a rate over time, a delay behind it, and a queue of a limited time.
struct KnownLink {
  double (*bits_per_s)(std::int64_t now_ns);
  std::int64_t delay_ns = 20 * kOneMs;
  std::int64_t limit_ns = 1000 * kOneMs;
  std::int64_t free_ns = 0;

  SentPacket send(std::int64_t now_ns) {
    SentPacket packet{.sent_ns = now_ns, .bytes = kBytes, .arrived = false};
    free_ns = std::max(free_ns, now_ns);
    if (free_ns - now_ns > limit_ns) return packet;
    free_ns += std::llround(8e9 * kBytes / bits_per_s(free_ns));
    packet.arrived = true;
    packet.delay_ns = free_ns - now_ns + delay_ns;
    return packet;
  }
};

/// Evenly, at BITS_PER_S, from BEGIN_NS to END_NS.
void offer(KnownLink& link, double bits_per_s, std::int64_t begin_ns, std::int64_t end_ns,
           SentPackets& packets) {
  const auto gap_ns = static_cast<std::int64_t>(8e9 * kBytes / bits_per_s);
  for (std::int64_t now_ns = begin_ns; now_ns < end_ns; now_ns += gap_ns)
    packets.push_back(link.send(now_ns));
}

TEST(RateFit, ARateComesBack) {
  KnownLink link{.bits_per_s = [](std::int64_t) { return 10e6; }};
  SentPackets packets;
  offer(link, 12e6, 0, 5 * kNanosecondsPerSecond, packets);
  const auto fit = fit_rate(packets);
  ASSERT_TRUE(fit);
  ASSERT_EQ(fit->steps.size(), 1U);
  EXPECT_NEAR(static_cast<double>(fit->steps.front().bits_per_s), 10e6, 0.1e6);
  EXPECT_LT(fit->deviation, 0.03);
  EXPECT_GT(fit->full_ratio, 0.9);
}

TEST(RateFit, StepsComeBackWithTheirTimes) {
  KnownLink link{.bits_per_s = [](std::int64_t now_ns) {
    return now_ns < 3'010 * kOneMs ? 20e6 : now_ns < 6'000 * kOneMs ? 5e6 : 12e6;
  }};
  link.limit_ns = 200 * kOneMs;
  SentPackets packets;
  offer(link, 24e6, 0, 9 * kNanosecondsPerSecond, packets);
  const auto fit = fit_rate(packets);
  ASSERT_TRUE(fit);
  ASSERT_EQ(fit->steps.size(), 3U);
  const std::array<double, 3> rates{20e6, 5e6, 12e6};
  const std::array<double, 3> times_ms{0, 3010, 6000};
  for (std::size_t at = 0; at < 3; ++at) {
    EXPECT_NEAR(static_cast<double>(fit->steps[at].bits_per_s), rates.at(at), 0.03 * rates.at(at));
    EXPECT_NEAR(static_cast<double>(fit->steps[at].at_ns) / kOneMs, times_ms.at(at), 20);
  }
  EXPECT_TRUE(fit->has_losses_when_full);
  EXPECT_NEAR(static_cast<double>(fit->longest_wait_ns) / kOneMs, 200, 15);
}

TEST(RateFit, AMomentInWhichAMachineStoodStillIsNoStep) {
  KnownLink link{.bits_per_s = [](std::int64_t now_ns) {
    return now_ns >= 3'000 * kOneMs && now_ns < 3'030 * kOneMs ? 5e6 : 10e6;
  }};
  SentPackets packets;
  offer(link, 12e6, 0, 5 * kNanosecondsPerSecond, packets);
  const auto fit = fit_rate(packets);
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->steps.size(), 1U);
  EXPECT_NEAR(static_cast<double>(fit->steps.front().bits_per_s), 10e6, 0.1e6);
}

TEST(RateFit, ALinkThatIsNeverFullHasNone) {
  KnownLink link{.bits_per_s = [](std::int64_t) { return 10e6; }};
  SentPackets packets;
  offer(link, 8e6, 0, 5 * kNanosecondsPerSecond, packets);
  EXPECT_FALSE(fit_rate(packets));
  // Jitter does not make a queue: some packets always come early.
  SeededRandom random;
  for (SentPacket& packet : packets)
    *packet.delay_ns += static_cast<std::int64_t>(random.between(0, 30 * kOneMs));
  EXPECT_FALSE(fit_rate(packets));
}

TEST(RateFit, PacketsOfUnknownSizeHaveNone) {
  KnownLink link{.bits_per_s = [](std::int64_t) { return 10e6; }};
  SentPackets packets;
  offer(link, 12e6, 0, 5 * kNanosecondsPerSecond, packets);
  for (SentPacket& packet : packets) packet.bytes = 0;
  EXPECT_FALSE(fit_rate(packets));
}

TEST(LinkFit, WhatAQueueDidIsNeitherJitterNorLoss) {
  KnownLink link{
      .bits_per_s = [](std::int64_t now_ns) { return now_ns < 4'000 * kOneMs ? 10e6 : 5e6; }};
  link.limit_ns = 100 * kOneMs;
  LinkMeasurement measurement{
      .from = "both \"ends\"", .round_trips = false, .packets = {}, .flow = {}};
  SentPackets& packets = measurement.packets[0];
  offer(link, 1e6, 0, 2'000 * kOneMs, packets);
  offer(link, 12e6, 2'000 * kOneMs, 8'000 * kOneMs, packets);
  const LinkFit fit = fit_link(measurement, "mine");
  const NamedLink read = parse_link(fit.toml, "mine.toml");
  const std::string stages = print_stages(read.description.directions[0]);
  EXPECT_THAT(stages,
              ::testing::MatchesRegex("steps mine-a-to-b.steps limit [0-9.]*[mu]s, delay .*"));
  EXPECT_THAT(stages, ::testing::Not(::testing::HasSubstr("loss")));
  EXPECT_NEAR(static_cast<double>(fit.ways[0].delay->config.delay_ns) / kOneMs, 21.2, 0.5);
  EXPECT_LT(fit.ways[0].delay->config.jitter_ns, kOneMs);
  EXPECT_EQ(print_stages(read.description.directions[1]), "");
  const FittedFile& steps = fit.files.front();
  const RateSteps parsed = parse_rate_steps(
      {.name = steps.name, .text = std::make_shared<const std::string>(steps.text)});
  ASSERT_EQ(parsed.steps.size(), 2U);
  EXPECT_NEAR(static_cast<double>(parsed.steps[1].bits_per_s), 5e6, 0.15e6);
}

}  // namespace
}  // namespace tunrelay::test
