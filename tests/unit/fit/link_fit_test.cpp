// SPDX-License-Identifier: MIT
// Links that are fitted: from sequences of a known model its parameters come back, and what was
// written is read as what was measured.
#include "fit/link_fit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "fit/ping_text.hpp"
#include "link/link_file.hpp"
#include "link/stage_text.hpp"
#include "stage/hit_sequence.hpp"
#include "support/random.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

std::vector<bool> drawn_losses(const LossConfig& model, std::size_t packets, std::uint64_t seed) {
  const auto hits = make_loss_hits(model, {.seed = seed});
  std::vector<bool> lost(packets);
  for (std::uint64_t at = hits->next(0, packets); at != packets; at = hits->next(at + 1, packets))
    lost[at] = true;
  return lost;
}

TEST(LossFit, IndependentLossesAreOneParameter) {
  SeededRandom random;
  const LossFit fit = fit_loss(drawn_losses(BernoulliLoss{0.02, 0}, 40'000, random.seed()));
  ASSERT_TRUE(std::holds_alternative<BernoulliLoss>(fit.model));
  EXPECT_NEAR(std::get<BernoulliLoss>(fit.model).probability, 0.02, 0.004);
  EXPECT_NEAR(fit.mean_burst, 1.02, 0.05);
}

TEST(LossFit, GilbertsParametersComeBack) {
  SeededRandom random;
  const GilbertElliottLoss model{
      .to_bad = 0.01, .to_good = 0.3, .loss_in_bad = 1, .loss_in_good = 0};
  const LossFit fit = fit_loss(drawn_losses(model, 60'000, random.seed()));
  const auto* found = std::get_if<GilbertElliottLoss>(&fit.model);
  ASSERT_NE(found, nullptr);
  EXPECT_NEAR(found->to_bad, 0.01, 0.002);
  EXPECT_NEAR(found->to_good, 0.3, 0.04);
  EXPECT_EQ(found->loss_in_bad, 1);
  EXPECT_NEAR(fit.model_mean_burst, fit.mean_burst, 0.15);
  EXPECT_GT(fit.log_likelihood, fit.independent_log_likelihood + 1000);
}

TEST(LossFit, GilbertAndElliottsParametersComeBack) {
  SeededRandom random;
  const GilbertElliottLoss model{
      .to_bad = 0.005, .to_good = 0.05, .loss_in_bad = 0.4, .loss_in_good = 0.001};
  const LossFit fit = fit_loss(drawn_losses(model, 100'000, random.seed()));
  const auto* found = std::get_if<GilbertElliottLoss>(&fit.model);
  ASSERT_NE(found, nullptr);
  EXPECT_NEAR(found->to_bad, 0.005, 0.002);
  EXPECT_NEAR(found->to_good, 0.05, 0.02);
  EXPECT_NEAR(found->loss_in_bad, 0.4, 0.08);
  EXPECT_NEAR(found->loss_in_good, 0.001, 0.0008);
  EXPECT_NEAR(fit.model_mean_burst, fit.mean_burst, 0.1);
}

TEST(LossFit, AllOrNothingIsNoModel) {
  EXPECT_EQ(fit_loss(std::vector<bool>(100)).rate, 0);
  EXPECT_EQ(fit_loss(std::vector<bool>(100, true)).rate, 1);
}

TEST(LinkFit, WhatPingPrintsBecomesALinkFile) {
  const LinkMeasurement measurement = parse_ping(
      "PING 192.0.2.7 (192.0.2.7) 56(84) bytes of data.\n"
      "64 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=20.0 ms\n"
      "64 bytes from 192.0.2.7: icmp_seq=2 ttl=64 time=30 ms\n"
      "64 bytes from 192.0.2.7: icmp_seq=2 ttl=64 time=31 ms (DUP!)\n"
      "From 192.0.2.1 icmp_seq=3 Destination Host Unreachable\n"
      "64 bytes from 192.0.2.7: icmp_seq=4 ttl=64 time=22.5 ms\n\n"
      "--- 192.0.2.7 ping statistics ---\n"
      "6 packets transmitted, 3 received, 50% packet loss, time 5004ms\n",
      "ping.txt");
  std::vector<std::optional<std::int64_t>> trips;
  for (const SentPacket& ping : measurement.packets[1]) trips.push_back(ping.delay_ns);
  EXPECT_THAT(trips, ::testing::ElementsAre(20'000'000, 30'000'000, std::nullopt, 22'500'000,
                                            std::nullopt, std::nullopt));
  const LinkFit fit = fit_link(measurement, "mine");
  ASSERT_EQ(fit.files.size(), 1U);
  EXPECT_EQ(fit.files.front().name, "mine.dist");
  EXPECT_EQ(parse_delay_table(fit.files.front().text).size(), 4096U);
  const NamedLink link = parse_link(fit.toml, "mine.toml");
  EXPECT_EQ(print_stages(link.description.directions[0]), "delay 10ms");
  EXPECT_THAT(print_stages(link.description.directions[1]),
              ::testing::MatchesRegex("delay 14166667ns .*ns table mine.dist ordered, loss .*"));
}

TEST(LinkFit, WhatIsNoPingIsRefused) {
  EXPECT_THAT(thrown_error([] { return parse_ping("hello\n", "x.txt"); }).what(),
              ::testing::HasSubstr("x.txt"));
  const Error huge =
      thrown_error([] { return parse_ping("64 bytes: icmp_seq=4000000000 time=1 ms\n", "x.txt"); });
  EXPECT_EQ(huge.exit_code(), ExitCode::kUsage);
}

}  // namespace
}  // namespace tunrelay::test
