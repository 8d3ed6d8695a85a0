// SPDX-License-Identifier: MIT
// A direction's stages as text: what is understood, what is refused and where, and that what is
// printed is read back as the same.
#include "link/stage_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/random_link.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

StageList parsed(std::string_view text) {
  return parse_stages({text, "--a-to-b"});
}

template <typename Choice>
Choice only(std::string_view text) {
  const StageList stages = parsed(text);
  EXPECT_EQ(stages.size(), 1U);
  return std::get<Choice>(stages.at(0).choice);
}

std::string refusal(std::string_view text) {
  try {
    parsed(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return error.what();
  }
  return "it was taken";
}

TEST(StageText, DelaysAreReadAsNetemReadsThem) {
  EXPECT_EQ(only<DelayDescription>("delay 20ms").config.delay_ns, 20'000'000);
  const DelayConfig config =
      only<DelayDescription>("delay 20ms 2ms 25% normal ordered reorder 1% 50% gap 5").config;
  EXPECT_EQ(config.jitter_ns, 2'000'000);
  EXPECT_EQ(config.jitter_correlation, 0.25);
  EXPECT_EQ(config.shape, JitterShape::kNormal);
  EXPECT_TRUE(config.keep_order);
  EXPECT_EQ(config.reorder, (ReorderConfig{0.01, 0.5, 5}));
  EXPECT_EQ(only<DelayDescription>("delay 1s 10ms table \"my file.dist\"").table_file.name,
            "my file.dist");
}

TEST(StageText, LossModels) {
  EXPECT_EQ(only<LossConfig>("loss 0.1%"), LossConfig(BernoulliLoss{0.001, 0}));
  EXPECT_EQ(only<LossConfig>("loss random 1% 25%"), LossConfig(BernoulliLoss{0.01, 0.25}));
  EXPECT_EQ(only<LossConfig>("loss gemodel 1%"), LossConfig(GilbertElliottLoss{0.01, 0.99, 1, 0}));
  EXPECT_EQ(only<LossConfig>("loss gemodel 1% 10% 70% 0.1%"),
            LossConfig(GilbertElliottLoss{0.01, 0.1, 0.7, 0.001}));
  EXPECT_EQ(only<LossConfig>("loss state 5%"), LossConfig(FourStateLoss{0.05, 0.95, 0, 1, 0}));
  EXPECT_EQ(only<LossConfig>("loss every 100"), LossConfig(EveryNthLoss{100}));
  EXPECT_EQ(only<LossConfig>("loss packets 7 12"), LossConfig(ListedLoss{{7, 12}}));
}

TEST(StageText, ALinkWithItsQueue) {
  const auto rate = only<BottleneckDescription>(
      "rate 100mbit burst 15K overhead 38 cell 48 5 limit 100ms codel target 5ms interval 100ms "
      "ecn");
  EXPECT_EQ(rate.bits_per_s, 100'000'000U);
  EXPECT_EQ(rate.burst_bytes, 15U * 1024);
  EXPECT_EQ(rate.wire, (WireSize{38, 48, 5}));
  EXPECT_EQ(rate.queue, (QueueConfig{.kind = QueueKind::kCodel,
                                     .limit_unit = QueueLimitUnit::kNanoseconds,
                                     .limit = 100'000'000,
                                     .ecn = true,
                                     .target_ns = 5'000'000,
                                     .interval_ns = 100'000'000}));
  EXPECT_EQ(only<BottleneckDescription>("rate 1gbit limit 50 packets").queue.limit, 50U);
  EXPECT_EQ(only<BottleneckDescription>("rate 1gbit limit 64KiB").queue.limit, 65'536U);
  const auto fq =
      only<BottleneckDescription>("rate 1gbit fq_codel flows 256 quantum 300 ecn").queue;
  EXPECT_EQ(fq, (QueueConfig{
                    .kind = QueueKind::kFqCodel, .ecn = true, .flows = 256, .quantum_bytes = 300}));
  const auto red =
      only<BottleneckDescription>("rate 1gbit red min 15K max 45K probability 2%").queue;
  EXPECT_EQ(red, (QueueConfig{.kind = QueueKind::kRed,
                              .min_bytes = 15U * 1024,
                              .max_bytes = 45U * 1024,
                              .probability = 0.02}));
  EXPECT_EQ(only<BottleneckDescription>("rate 1gbit infinite").queue.kind, QueueKind::kInfinite);
  EXPECT_EQ(only<BottleneckDescription>("rate 1gbit drophead limit 9 packets").queue.kind,
            QueueKind::kDropHead);
  const auto trace = only<BottleneckDescription>("trace up.trace pie");
  EXPECT_EQ(trace.file.name, "up.trace");
  EXPECT_EQ(trace.wire.overhead_bytes, 4) << "as mahimahi counts";
}

TEST(StageText, StagesThatConditionTraffic) {
  const auto policer = only<PolicerConfig>("policer 10mbit burst 15K overhead 38 ecn");
  EXPECT_EQ(policer.bits_per_s, 10'000'000U);
  EXPECT_EQ(policer.burst_bytes, 15U * 1024);
  EXPECT_EQ(policer.wire.overhead_bytes, 38);
  EXPECT_EQ(policer.beyond, (TrafficClassChange{3, 3}));
  EXPECT_EQ(only<PolicerConfig>("policer 10mbit dscp 8").beyond, (TrafficClassChange{0xfc, 0x20}));
  EXPECT_EQ(only<TrafficClassChange>("ecn bleach"), (TrafficClassChange{3, 0}));
  EXPECT_EQ(only<TrafficClassChange>("dscp 46"), (TrafficClassChange{0xfc, 0xb8}));
  const SlotConfig slot = only<SlotDescription>("slot 800us 5ms packets 32 bytes 64K").config;
  EXPECT_EQ(slot,
            (SlotConfig{.min_ns = 800'000, .max_ns = 5'000'000, .packets = 32, .bytes = 65'536}));
  EXPECT_EQ(only<SlotDescription>("slot 1ms").config.max_ns, 1'000'000);
  const SlotDescription table = only<SlotDescription>("slot distribution table w.dist 2ms 1ms");
  EXPECT_EQ(table.table_file.name, "w.dist");
  EXPECT_EQ(table.config.distribution.shape, JitterShape::kTable);
  EXPECT_EQ(table.config.distribution.jitter_ns, 1'000'000);
  EXPECT_THAT(refusal("slot 5ms 1ms"), HasSubstr("the second time is less than the first"));
  EXPECT_THAT(refusal("slot 0"), HasSubstr("would follow each other at once"));
  EXPECT_THAT(refusal("slot distribution 1ms 2ms"), HasSubstr("uniform, normal"));
  EXPECT_THAT(refusal("policer 10mbit fast"), HasSubstr("burst, overhead, cell, ecn, dscp"));
  EXPECT_THAT(refusal("dscp 64"), HasSubstr("0 to 63"));
  EXPECT_THAT(refusal("ecn"), HasSubstr("bleach"));
}

TEST(StageText, StagesAndFiltersStandInOrder) {
  const StageList stages = parsed(
      "delay 20ms,loss 1% if \"udp port 53\" , mtu 1400, outage up 9s down 1s at 3s for 5ms");
  ASSERT_EQ(stages.size(), 4U);
  EXPECT_EQ(stages[1].filter, "udp port 53");
  EXPECT_EQ(std::get<MtuConfig>(stages[2].choice), (MtuConfig{1400, false}));
  EXPECT_EQ(only<MtuConfig>("mtu 1400 icmp"), (MtuConfig{1400, true}));
  EXPECT_EQ(std::get<OutageConfig>(stages[3].choice),
            (OutageConfig{9'000'000'000, 1'000'000'000, {{3'000'000'000, 5'000'000}}}));
  EXPECT_TRUE(parsed(" \n").empty());
}

TEST(StageText, AFileMayHaveTheNameOfAKeyword) {
  for (const char* text : {"trace \"if\" infinite", "delay 2ms 1ms table \"if\" ordered"})
    EXPECT_EQ(print_stages(parsed(text)), text);
}

TEST(StageText, ARefusalPointsAtThePlace) {
  EXPECT_EQ(refusal("delay 20ms, dely 3ms"),
            "could not read --a-to-b: 'dely' is not a stage\n"
            "    delay 20ms, dely 3ms\n"
            "                ^^^^\n"
            "  hint: stages are delay, loss, duplicate, corrupt, rate, steps, trace, mtu, outage, "
            "policer, "
            "slot, ecn, dscp");
  EXPECT_THAT(refusal("delay 20"), HasSubstr("'20': it has no unit\n"
                                             "    delay 20\n"
                                             "          ^^\n"));
  EXPECT_THAT(refusal("delay"), HasSubstr("    delay\n         ^\n  hint: write a time"));
  EXPECT_THAT(refusal("loss 0.1"), HasSubstr("write for example 0.1%"));
  EXPECT_THAT(refusal("loss 101%"), HasSubstr("it is not from 0% to 100%"));
  EXPECT_THAT(refusal("rate 10mbps"), HasSubstr("ambiguous"));
  EXPECT_THAT(refusal("rate 10mbit limit 100"), HasSubstr("1000 packets, 64KiB or 100ms"));
  EXPECT_THAT(refusal("rate 10mbit limit 100m"), HasSubstr("does not say what it counts"));
  EXPECT_THAT(refusal("rate 10mbit ecn"), HasSubstr("ecn, target and interval are for codel, pie"));
  EXPECT_THAT(refusal("rate 10mbit codel flows 9"),
              HasSubstr("flows and quantum are for fq_codel"));
  EXPECT_THAT(refusal("rate 10mbit fq_codel quantum 9"), HasSubstr("from 256B to 1MiB"));
  EXPECT_THAT(refusal("rate 10mbit infinite limit 9 packets"),
              HasSubstr("limits are for droptail"));
  EXPECT_THAT(refusal("rate 10mbit pie min 9K"), HasSubstr("min, max and probability are for red"));
  EXPECT_THAT(refusal("rate 10mbit red min 9K max 9K"), HasSubstr("max must be over min"));
  EXPECT_THAT(refusal("rate 10mbit fast"), HasSubstr("'fast' is not expected in 'rate'"));
  EXPECT_THAT(refusal("rate 0"), HasSubstr("from 1bit to 10tbit"));
  EXPECT_THAT(refusal("loss 1% if udp"), ::testing::Not(HasSubstr("could not")));
  EXPECT_THAT(refusal("loss 1% if udp port 53"), HasSubstr("in quotes"));
  EXPECT_THAT(refusal("loss packets 7 7"), HasSubstr("must rise"));
  EXPECT_THAT(refusal("delay 1ms,,loss 1%"), HasSubstr("no stage stands beside this comma"));
  EXPECT_THAT(refusal("delay 1ms,"), HasSubstr("no stage stands beside this comma"));
  EXPECT_THAT(refusal("trace \"up"), HasSubstr("these quotes do not end"));
  EXPECT_THAT(refusal("mtu 60"), HasSubstr("from 68B to 65535B"));
  EXPECT_THAT(refusal("mtu 1400 udp"), HasSubstr("what may stand here: SIZE [icmp]"));
  EXPECT_THAT(refusal("outage up 1s"), HasSubstr("down TIME"));
  EXPECT_THAT(refusal("delay 25h"), HasSubstr("longer than a day"));
}

TEST(StageText, MarksStandRightInLongAndForeignTexts) {
  EXPECT_THAT(refusal("trace \"löß\", x"), HasSubstr("    trace \"löß\", x\n"
                                                     "                 ^\n"));
  const std::string many(300, ' ');
  EXPECT_THAT(refusal(many + "x"),
              HasSubstr("    ..." + std::string(50, ' ') + "x\n" + std::string(57, ' ') + "^"));
}

TEST(StageTextPropertyTest, WhatIsPrintedIsReadBack) {
  SeededRandom random;
  RandomLink link(random);
  for (std::size_t round = 0; round < scaled(5000); ++round) {
    const StageList stages = link.stages();
    const std::string text = print_stages(stages);
    ASSERT_EQ(parsed(text), stages) << text;
    ASSERT_EQ(print_stages(parsed(text)), text);
  }
}

}  // namespace
}  // namespace tunrelay::test
