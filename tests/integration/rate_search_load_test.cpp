// SPDX-License-Identifier: MIT
// The search for the highest rate finds that of a relay whose limit is known.
#include <gtest/gtest.h>

#include <cstdio>

#include "gen/trial.hpp"
#include "suite/rate_search_run.hpp"
#include "support/datagram_relay.hpp"
#include "support/private_network.hpp"

namespace tunrelay {
namespace {

class LimitedRelayTest : public test::PrivateNetwork {
 protected:
  static constexpr std::int64_t kTrialNs = 300 * kNanosecondsPerMillisecond;

  /// What ndr and pdr find on a relay of RATE messages a second.
  static Result found_on_relay_of(double rate) {
    const IpAddress lo = IpAddress::parse("127.0.0.1");
    RateSearchTask task;
    task.load.name = "udp_64";
    task.load.spec.warm_up_ns = kTrialNs / 10;
    task.plan.goals = {ndr_goal(kTrialNs), pdr_goal(kTrialNs)};
    task.plan.most_time_ns = 100 * kNanosecondsPerSecond;
    task.now_s = [] { return 0.0; };
    task.is_stopped = [] { return false; };
    task.on_trial = [](std::size_t /*trials*/, const std::string& /*what*/) {};
    const SearchedPath relay{.name = kSubject,
                             .run_trial =
                                 [&](const LoadSpec& spec, const std::string& /*name*/) {
                                   LocalEnd here(lo);
                                   test::RelayedEnd there(lo, {.most_per_s = rate});
                                   PathTrial trial;
                                   trial.trial = run_trial(spec, here, there);
                                   // The relay goes by the times at which messages should go,
                                   // so it does not matter how busy the machine makes the sender.
                                   SendReport& sent = trial.trial.directions[0].sent;
                                   sent.slip.clear();
                                   sent.last_slip_ns = 0;
                                   return trial;
                                 },
                             .most_per_s = static_cast<std::uint64_t>(4 * rate)};
    Result result;
    EXPECT_TRUE(run_rate_search({relay}, task, result));
    for (const std::string& note : result.notes) std::printf("%s\n", note.c_str());
    std::printf("%zu trials\n", result.find_metric("udp_64/search_load")->samples.size());
    return result;
  }
  static double value_of(const Result& result, const char* name) {
    const Metric* metric = result.find_metric(name);
    const std::vector<double> values =
        metric == nullptr ? std::vector<double>{} : valid_values(*metric, kSubject);
    EXPECT_EQ(values.size(), 1U) << name;
    return values.empty() ? 0 : values.front();
  }
};

TEST_F(LimitedRelayTest, NdrAndPdrFindTheRateWithinTwoPercent) {
  constexpr double kRate = 10'000;
  const Result result = found_on_relay_of(kRate);
  for (const char* name : {"udp_64/ndr", "udp_64/ndr_lower", "udp_64/ndr_upper", "udp_64/pdr",
                           "udp_64/pdr_lower", "udp_64/pdr_upper"})
    EXPECT_NEAR(value_of(result, name), kRate, kRate * 0.02) << name;
  EXPECT_GE(value_of(result, "udp_64/pdr_lower"), value_of(result, "udp_64/ndr_lower"));
}

}  // namespace
}  // namespace tunrelay
