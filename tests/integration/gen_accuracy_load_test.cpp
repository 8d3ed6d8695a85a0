// SPDX-License-Identifier: MIT
// How exact the generator is: a known delay is measured, a rate is kept, and every packet is
// accounted for. What a busy machine can't hold is checked in trials in which it was quiet.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "gen/trial.hpp"
#include "os/cpu_topology.hpp"
#include "support/datagram_relay.hpp"
#include "support/private_network.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kMicrosecond = kNanosecondsPerMicrosecond;

class GenAccuracyTest : public test::PrivateNetwork {
 protected:
  static constexpr int kTries = 12;

  const IpAddress lo_ = IpAddress::parse("127.0.0.1");
};

TEST_F(GenAccuracyTest, AKnownDelayOfAMillisecondIsMeasuredWithin20Microseconds) {
  constexpr std::int64_t kDelayNs = kNanosecondsPerMillisecond;
  LoadSpec spec;
  // So that a message leaves the relay while the sender sleeps between two others.
  spec.messages_per_s = 3'500;
  // The receiver goes on where the relay is, right behind its send: to wake another CPU takes 25 us
  // on a virtual machine, which is neither the delay that was put in nor an error of the generator.
  const std::vector<int> cpus = cpus_for_workers();
  spec.source_cpus = {cpus.back()};
  spec.sink_cpus = {cpus.front()};
  spec.duration_ns = 400 * kNanosecondsPerMillisecond;
  spec.warm_up_ns = 50 * kNanosecondsPerMillisecond;
  constexpr double kQuietShare = 0.9;  // the receiver has the rest of that CPU
  std::int64_t least_error_ns = kDelayNs;
  std::int64_t lowest_ns = 10 * kDelayNs;
  int quiet_trials = 0;
  for (int attempt = 0; attempt < kTries && least_error_ns > 20 * kMicrosecond; ++attempt) {
    LocalEnd here(lo_);
    test::RelayedEnd there(lo_, {.delay_ns = kDelayNs, .cpu = cpus.front()});
    const DirectionReport report = run_trial(spec, here, there).directions[0];
    const Histogram& delay = report.received.delay;
    ASSERT_EQ(delay.count(), report.sent.messages);
    // Messages leave the relay no earlier; a histogram's values are known to a thousandth.
    EXPECT_GE(delay.lowest(), kDelayNs - kDelayNs / 1000);
    lowest_ns = std::min(lowest_ns, delay.lowest());
    const std::int64_t slip_ns = report.sent.slip.value_at_percentile(99);
    const std::int64_t error_ns = delay.value_at_percentile(50) - kDelayNs;
    std::printf("p50 %+.1f us, slip p99 %.1f us, relay had a CPU %.1f %% of the time\n",
                static_cast<double>(error_ns) / 1e3, static_cast<double>(slip_ns) / 1e3,
                100 * there.cpu_share());
    least_error_ns = std::min(least_error_ns, std::abs(error_ns));
    if (there.cpu_share() > kQuietShare && slip_ns < 50 * kMicrosecond) ++quiet_trials;
  }
  EXPECT_LE(lowest_ns, kDelayNs + 20 * kMicrosecond);
  // Where others take the CPUs, half of the messages may be late whoever measures.
  if (quiet_trials > 0) {
    EXPECT_LE(least_error_ns, 20 * kMicrosecond);
  }
}

TEST_F(GenAccuracyTest, AFixedRateIsKeptAndEveryPacketAccountedFor) {
  constexpr double kRate = 50'000;
  const auto is_near = [](double rate) { return std::abs(rate - kRate) <= kRate / 1000; };
  LoadSpec spec;
  spec.messages_per_s = kRate;
  spec.duration_ns = 2 * kNanosecondsPerSecond;
  spec.slip_limit_ns = 200 * kNanosecondsPerMillisecond;  // of a machine that does other things
  TrialReport report;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    report = run_trial(spec, lo_, lo_);
    if (report.invalid_reason.empty() && is_near(messages_per_s(report.directions[0].received)))
      break;
  }
  ASSERT_EQ(report.invalid_reason, "");
  const SendReport& sent = report.directions[0].sent;
  const ReceiveReport& received = report.directions[0].received;
  const double seconds = static_cast<double>(spec.duration_ns) / 1e9;
  std::printf("slip p50 %.1f us, p99 %.1f us, last %.1f us\n",
              static_cast<double>(sent.slip.value_at_percentile(50)) / 1e3,
              static_cast<double>(sent.slip.value_at_percentile(99)) / 1e3,
              static_cast<double>(sent.last_slip_ns) / 1e3);
  EXPECT_EQ(static_cast<double>(sent.messages), kRate * seconds);
  // Where others take the CPUs, what came a moment too late is missing in the receiver's window.
  EXPECT_NEAR(messages_per_s(received), kRate, kRate / 100);
  EXPECT_EQ(sent.failed, 0U);
  EXPECT_EQ(sent.slip.count(), sent.messages);
  EXPECT_EQ(received.sequence.received + received.socket_dropped, sent.messages);
  EXPECT_EQ(received.delay.count(), received.sequence.received);
}

}  // namespace
}  // namespace tunrelay
