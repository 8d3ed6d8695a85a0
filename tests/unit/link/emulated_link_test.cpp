// SPDX-License-Identifier: MIT
// A description in use: every stage that can be described is made, and counted for itself.
#include "link/emulated_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "link/link_change.hpp"
#include "link/link_file.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "support/owned_packet.hpp"
#include "support/stage_record.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

LinkDescription described(const std::string& a_to_b, const std::string& b_to_a = "") {
  LinkDescription link{{parse_stages({a_to_b, "a"}), parse_stages({b_to_a, "b"})}, 7};
  read_stage_files(link);
  return link;
}

TEST(EmulatedLink, EveryStageIsMadeUnderItsName) {
  const TemporaryFolder folder;
  const std::string table = folder.write("t.dist", "# a table\n-100 0 100 8192\n");
  const EmulatedLink link(
      described("delay 1ms, delay 5ms 1ms table " + table +
                ", loss 1%, loss every 9, duplicate 1%, "
                "corrupt 1%, rate 1mbit pie, mtu 1400 if \"udp\", outage up 1s down 1s"),
      {});
  const auto makers = link.stages(0);
  ASSERT_EQ(makers.size(), 9U);
  for (const StageSpec& maker : makers) EXPECT_FALSE(maker.make(0)->name().empty());
  EXPECT_EQ(makers[6].scope, StageScope::kDirection) << "a rate is the direction's";
  EXPECT_TRUE(link.stages(1).empty());
}

TEST(EmulatedLink, EveryProfileCanBeUsed) {
  for (const LinkProfile& profile : link_profiles()) {
    const EmulatedLink link(load_link(std::string(profile.name)).description, {});
    for (const std::size_t direction : {0U, 1U})
      for (const StageSpec& maker : link.stages(direction)) EXPECT_NE(maker.make(0), nullptr);
  }
}

/// Which of many packets the first stage of a direction drops or passes twice.
std::set<int> hits_of(const EmulatedLink& link, std::size_t direction, std::size_t stage_number) {
  constexpr int kPackets = 20'000;
  const auto stage = link.stages(direction).at(stage_number).make(0);
  const OwnedPacket owned(build_frame({}), {});
  StageRecord record;
  std::set<int> hits;
  for (int number = 0; number < kPackets; ++number) {
    const std::size_t passed = record.passed.size();
    record.give(*stage, owned.packet, 0);
    if (record.passed.size() != passed + 1) hits.insert(number);
  }
  return hits;
}

TEST(EmulatedLink, StagesDecideIndependently) {
  EmulatedLink link(described("loss 5%, loss 5%, duplicate 5%", "loss 5%"), {});
  EmulatedLink other(described("duplicate 5%"), {});
  link.begin();
  other.begin();
  const std::vector<std::set<int>> hits{hits_of(link, 0, 0), hits_of(link, 0, 1),
                                        hits_of(link, 0, 2), hits_of(link, 1, 0),
                                        hits_of(other, 0, 0)};
  for (std::size_t left = 0; left < hits.size(); ++left) {
    EXPECT_NEAR(static_cast<double>(hits[left].size()), 1000, 200);
    for (std::size_t right = 0; right < left; ++right) {
      std::vector<int> both;
      std::set_intersection(hits[left].begin(), hits[left].end(), hits[right].begin(),
                            hits[right].end(), std::back_inserter(both));
      EXPECT_LT(both.size(), 100U) << left << " and " << right << ": 50 are expected";
    }
  }
}

TEST(EmulatedLink, PacketsCountFromTheBeginningOn) {
  EmulatedLink link(described("mtu 1400", "mtu 100"), {});
  const auto stage = link.stages(1).at(0).make(0);
  PacketSpec spec;
  spec.payload = counting_bytes(500);
  const OwnedPacket owned(build_frame(spec), {});
  StageRecord record;
  record.give(*stage, owned.packet, 0);
  EXPECT_EQ(record.passed.size(), 1U);
  link.begin();
  record.give(*stage, owned.packet, 0);
  EXPECT_EQ(record.dropped.size(), 1U);
  // Another instance, of another queue: the report covers both.
  const auto other = link.stages(1).at(0).make(0);
  record.give(*other, owned.packet, 0);
  const LinkReport report = link.report();
  EXPECT_EQ(report.seed, 7U);
  EXPECT_EQ(report.directions[1].at(0).text, "mtu 100");
  EXPECT_EQ(report.directions[1].at(0).counts.taken.packets, 2U);
  EXPECT_EQ(report.directions[1].at(0).counts.dropped.sum().packets, 2U);
  EXPECT_EQ(report.directions[0].at(0).counts.taken.packets, 0U);
}

TEST(EmulatedLink, AnswersEnterTheOtherDirectionBeforeItsStages) {
  EmulatedLink link(described("mtu 1400, mtu 100 icmp", "delay 1ms"), {});
  link.begin();
  EXPECT_EQ(link.stages(0).size(), 2U);
  const auto back = link.stages(1);
  ASSERT_EQ(back.size(), 2U);
  PacketSpec spec;
  spec.payload = counting_bytes(500);
  const OwnedPacket owned(build_frame(spec), {});
  // The stages of queue 1 are made in another order than those of queue 0, as workers may.
  const auto narrow = link.stages(0).at(1).make(0);
  const auto entry = back.at(0).make(0);
  const auto entry_of_other = back.at(0).make(1);
  const auto narrow_of_other = link.stages(0).at(1).make(1);
  StageRecord record;
  record.give(*narrow_of_other, owned.packet, 0);
  StageRecord returned;
  returned.run(*entry, 0);
  EXPECT_TRUE(returned.packets.empty()) << "that is another queue's";
  returned.run(*entry_of_other, 0);
  ASSERT_EQ(returned.packets.size(), 1U);
  EXPECT_EQ(returned.packets[0].queue, 1);
  EXPECT_EQ(link.report().directions[0].at(1).answers, 1U);
  EXPECT_EQ(link.report().directions[0].at(0).answers, 0U);
}

TEST(EmulatedLink, ALinkOfTheSameShapeCountsOn) {
  EmulatedLink link(described("mtu 1400, rate 8mbit", "mtu 1400"), {});
  link.begin();
  PacketSpec spec;
  spec.payload = counting_bytes(500);
  const OwnedPacket owned(build_frame(spec), {});
  StageRecord record;
  auto narrow = link.stages(0).at(0).make(0);
  auto rate = link.stages(0).at(1).make(0);
  record.give(*narrow, owned.packet, 0);
  record.give(*rate, owned.packet, 0);
  const LinkDescription next = described("mtu 100, rate 16mbit", "mtu 1400");
  const auto in_place = directions_in_place(link.description(), next);
  EXPECT_EQ(in_place, (std::array<bool, 2>{true, true}));
  EmulatedLink changed(next, {}, {link, in_place, true});
  changed.begin();
  const auto specs = changed.stages(0);
  auto next_narrow = specs.at(0).make(0);
  next_narrow->take_over(*narrow, 0);
  record.give(*next_narrow, owned.packet, 0);
  EXPECT_EQ(record.dropped.size(), 1U);
  auto next_rate = specs.at(1).make(0);
  next_rate->take_over(*rate, 0);
  EXPECT_EQ(next_rate->queued().packets, 1U);
  EXPECT_FALSE(changed.stages(1).at(0).make) << "the same stage goes on";
  const LinkReport report = changed.report();
  EXPECT_EQ(report.directions[0].at(0).text, "mtu 100");
  EXPECT_EQ(report.directions[0].at(0).counts.taken.packets, 2U);
  EXPECT_EQ(report.directions[0].at(0).counts.dropped.sum().packets, 1U);
  EXPECT_EQ(report.directions[0].at(1).counts.queued.packets, 1U);
}

TEST(EmulatedLink, ListsOfTheSameKindsChangeInPlace) {
  const auto a_to_b = [](const std::string& from, const std::string& to) {
    return directions_in_place(described(from), described(to))[0];
  };
  EXPECT_TRUE(a_to_b("", ""));
  EXPECT_TRUE(a_to_b("rate 1mbit limit 10ms", "rate 2mbit codel"));
  EXPECT_TRUE(a_to_b("delay 1ms, loss 1%", "delay 9ms 3ms normal, loss gemodel 1% if \"udp\""));
  EXPECT_TRUE(a_to_b("rate 1mbit fq_codel", "rate 2mbit fq_codel target 9ms"));
  EXPECT_TRUE(a_to_b("rate 1mbit fq_codel", "rate 2mbit fq_codel flows 7"));
  EXPECT_TRUE(a_to_b("rate 1mbit", "rate 1mbit fq_codel"));
  EXPECT_TRUE(a_to_b("rate 1mbit dualpi2", "rate 1mbit fq_codel"));
  EXPECT_FALSE(a_to_b("delay 1ms, loss 1%", "loss 1%, delay 1ms"));
  EXPECT_FALSE(a_to_b("delay 1ms", "delay 1ms, loss 1%"));
  EXPECT_FALSE(a_to_b("mtu 1400", "mtu 1400 icmp"));
  // Answers enter the other direction, which then changes in the same way.
  EXPECT_EQ(directions_in_place(described("mtu 1400 icmp", "loss 1%"),
                                described("mtu 1300 icmp", "loss 2%")),
            (std::array<bool, 2>{true, true}));
  EXPECT_EQ(directions_in_place(described("mtu 1400 icmp", "loss 1%"),
                                described("delay 1ms, mtu 1300 icmp", "loss 1%")),
            (std::array<bool, 2>{false, false}));
}

TEST(EmulatedLink, EachChangeOfASeriesDrawsOtherNumbers) {
  const LinkDescription description = described("loss 5%");
  std::set<std::set<int>> seen;
  for (std::uint64_t change = 0; change < 4; ++change) {
    EmulatedLink link(description, {.change = change});
    link.begin();
    seen.insert(hits_of(link, 0, 0));
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(EmulatedLink, InAReplayAnswersAreCountedAlone) {
  EmulatedLink link(described("mtu 100 icmp"),
                    {.link_type = LinkType::kIp, .origin_ns = 0, .is_replay = true});
  link.begin();
  EXPECT_TRUE(link.stages(1).empty());
  PacketSpec spec;
  spec.payload = counting_bytes(500);
  const OwnedPacket owned(build_frame(spec), {});
  StageRecord record;
  record.give(*link.stages(0).at(0).make(0), owned.packet, 0);
  EXPECT_EQ(link.report().directions[0].at(0).answers, 1U);
}

TEST(EmulatedLink, WhatCanNotBeIsRefusedWhenItIsMade) {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      const EmulatedLink link(described(text), {});
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
      return error.what();
    }
    return "it was taken";
  };
  EXPECT_THAT(refusal("trace /none/up.trace"), ::testing::HasSubstr("/none/up.trace"));
  EXPECT_THAT(refusal("delay 1ms 1ms table /none/t.dist"), ::testing::HasSubstr("/none/t.dist"));
  EXPECT_THAT(refusal("mtu 1400 if \"no filter\""), ::testing::HasSubstr("'no filter'"));
}

TEST(EmulatedLink, ASeedIsDrawnWhereNoneIsGiven) {
  LinkDescription description = described("mtu 1400");
  description.seed.reset();
  const EmulatedLink link(description, {});
  EXPECT_TRUE(link.description().seed.has_value());
  EXPECT_EQ(link.report().seed, link.description().seed);
}

}  // namespace
}  // namespace tunrelay::test
