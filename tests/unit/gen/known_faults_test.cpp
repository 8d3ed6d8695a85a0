// SPDX-License-Identifier: MIT
// Loss, copies and reordering that a relay puts in on purpose are counted exactly.
#include <gtest/gtest.h>

#include "gen/trial.hpp"
#include "support/datagram_relay.hpp"

namespace tunrelay {
namespace {

constexpr std::uint64_t kMessages = 8'000;
constexpr std::uint32_t kPeriod = 10;
constexpr std::uint64_t kPeriods = kMessages / kPeriod;

LoadSpec counted_load() {
  LoadSpec spec;
  spec.messages_per_s = 10'000;  // an ordinary user's socket holds 20 ms of it
  spec.count = kMessages;
  spec.duration_ns = 20 * kNanosecondsPerSecond;
  spec.warm_up_ns = 20 * kNanosecondsPerMillisecond;
  spec.slip_limit_ns = kNanosecondsPerSecond;  // other tests run at the same time
  return spec;
}

DirectionReport sent_across(const test::RelayFaults& faults, const LoadSpec& spec) {
  const IpAddress lo = IpAddress::parse("127.0.0.1");
  LocalEnd here(lo);
  test::RelayedEnd there(lo, faults);
  const TrialReport report = run_trial(spec, here, there);
  EXPECT_EQ(report.invalid_reason, "");
  EXPECT_EQ(report.directions[0].sent.messages, spec.count);
  EXPECT_EQ(report.directions[0].sent.failed, 0U);
  EXPECT_EQ(report.directions[0].received.corrupt, 0U);
  EXPECT_EQ(report.directions[0].received.unexpected, 0U);
  EXPECT_EQ(report.directions[0].received.socket_dropped, 0U);
  return report.directions[0];
}

TEST(KnownFaultsTest, ARelayWithoutFaultsLosesNothing) {
  const DirectionReport report = sent_across({}, counted_load());
  EXPECT_EQ(report.received.sequence, (SequenceTotals{.received = kMessages,
                                                      .lost = 0,
                                                      .duplicates = 0,
                                                      .reordered = 0,
                                                      .reordering_extent = 0,
                                                      .too_late = 0}));
  EXPECT_EQ(loss_ratio(report), 0);
}

TEST(KnownFaultsTest, AreCountedExactly) {
  const DirectionReport report = sent_across({.period = kPeriod}, counted_load());
  const SequenceTotals& totals = report.received.sequence;
  EXPECT_EQ(totals.received, kMessages - kPeriods);
  EXPECT_EQ(totals.duplicates, kPeriods);
  EXPECT_EQ(totals.reordered, kPeriods);
  EXPECT_EQ(totals.reordering_extent, 2U);
  EXPECT_EQ(totals.too_late, 0U);
  EXPECT_DOUBLE_EQ(loss_ratio(report), 1.0 / kPeriod);
  // Whatever came has its delay, copies too.
  EXPECT_EQ(report.received.delay.count(), kMessages);
}

TEST(KnownFaultsTest, SaysWhenMessagesWereStillComingAtTheEnd) {
  LoadSpec spec;
  spec.messages_per_s = 200;
  spec.duration_ns = kNanosecondsPerSecond;
  spec.slip_limit_ns = kNanosecondsPerSecond;
  const IpAddress lo = IpAddress::parse("127.0.0.1");
  for (const bool slow : {false, true}) {
    LocalEnd here(lo);
    // The first comes 1.5 s after the last was sent, and half of them later than is waited for.
    test::RelayedEnd there(lo, {.delay_ns = slow ? 2'500 * kNanosecondsPerMillisecond : 0});
    const TrialReport report = run_trial(spec, here, there);
    EXPECT_EQ(report.still_coming, slow);
    const std::uint64_t received = report.directions[0].received.sequence.received;
    if (slow) {
      EXPECT_GT(received, 20U);
      EXPECT_LT(received, 180U);
    } else {
      EXPECT_EQ(received, 200U);
    }
  }
}

TEST(KnownFaultsTest, SeveralFlowsAndThreadsAreNotMixedUp) {
  LoadSpec spec = counted_load();
  spec.flows = 4;
  spec.threads = 2;
  const DirectionReport report = sent_across({.delay_ns = 100 * kNanosecondsPerMicrosecond}, spec);
  EXPECT_EQ(report.received.sequence.received, kMessages);
  EXPECT_EQ(report.received.sequence.duplicates, 0U);
  EXPECT_EQ(report.received.sequence.reordered, 0U);
  EXPECT_GE(report.received.delay.lowest(), 99 * kNanosecondsPerMicrosecond);
}

}  // namespace
}  // namespace tunrelay
