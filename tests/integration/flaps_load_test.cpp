// SPDX-License-Identifier: MIT
// What flaps under a running tunnel: addresses that are flushed, interfaces that are set down and
// up quickly. The tunnel reports and repairs, is whole soon after the last change, and goes on; so
// does the command of `exec`.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>

#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/random.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;

/// Within which the tunnel is whole after the last change.
constexpr milliseconds kWholeLimit{2'000};

struct Flap {
  const char* name;
  const char* script;  ///< $A and $B are `ip` where tun0 and where tun1 is; `repeat N COMMAND`
};

constexpr Flap kFlaps[] = {
    {"BothFlushed", "flush"},
    {"OneAddressDeleted", "$A addr del 192.168.13.1/24 dev tun0; $B addr del fd13::2/64 dev tun1"},
    {"ThreeDownUps", "repeat 3 bounce"},
    {"ThirtyDownUps", "repeat 30 bounce"},
    {"BothFlushedAndThreeDownUps", "flush; repeat 3 bounce"},
    {"ThirtyFlushes", "repeat 30 flush"}};

std::string script_of(const std::string& strategy, const Flap& flap) {
  const bool apart = strategy == "namespaces";
  std::ostringstream script;
  script << "A='" << (apart ? "ip -n tunrelay-a" : "ip") << "'; B='"
         << (apart ? "ip -n tunrelay-b" : "ip") << "'\n"
         << "repeat() { n=$1; while [ $n -gt 0 ]; do $2; n=$((n - 1)); done; }\n"
         // It repeats itself while addresses come back, and fails when they don't stop.
         << "flush() { $A addr flush dev tun0 || :; $B addr flush dev tun1 || :; }\n"
         << "bounce() { $A link set tun0 down; $A link set tun0 up; "
            "$B link set tun1 down; $B link set tun1 up; }\n"
         << flap.script << "\n";
  return script.str();
}

class FlapTest : public UnchangedNetwork,
                 public ::testing::WithParamInterface<std::tuple<const char*, Flap>> {
 protected:
  std::string strategy_ = std::get<0>(GetParam());
  std::string script_ = script_of(strategy_, std::get<1>(GetParam()));
};

TEST_P(FlapTest, TheTunnelIsWholeSoonAfterTheLast) {
  for (std::size_t round = 0; round < scaled(3); ++round) {
    TunnelProcess tunnel("--strategy " + strategy_);
    ASSERT_TRUE(tunnel.wait_until_ready());
    const ProcessResult flap = run_shell(script_);
    ASSERT_TRUE(flap.succeeded()) << flap.describe();
    const auto check = split(program() + " routes check --strategy " + strategy_);
    EXPECT_TRUE(eventually(kWholeLimit, [&] { return run(check).succeeded(); }))
        << run(check).describe() << tunnel.process().standard_output();
    EXPECT_TRUE(eventually(kPatience, [&] {
      return tunnel.counters().at("path").at("proven").get<bool>();
    })) << tunnel.process().standard_output();
    const ProcessResult end = tunnel.stop();
    EXPECT_EQ(end.exit_code, 0) << end.describe();
    EXPECT_TRUE(restored_within(kPatience, before_)) << end.describe();
  }
}

TEST_P(FlapTest, TheCommandOfExecGoesOn) {
  const std::string summary = "/run/summary.json";
  for (std::size_t round = 0; round < scaled(3); ++round) {
    // The command ends in the middle of it, so that the check behind it may meet anything too.
    const ProcessResult result =
        run({program(), "exec", "--strategy", strategy_, "--summary-file", summary, "--", "sh",
             "-ec", script_ + "echo untouched; exit 7"});
    EXPECT_EQ(result.exit_code, 7) << result.describe();
    EXPECT_EQ(result.standard_output, "untouched\n");
    std::ifstream file(summary);
    EXPECT_EQ(nlohmann::json::parse(file).at("event"), "summary");
  }
}

INSTANTIATE_TEST_SUITE_P(All, FlapTest,
                         ::testing::Combine(::testing::ValuesIn(kStrategies),
                                            ::testing::ValuesIn(kFlaps)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)) + "_" +
                                  std::get<1>(test.param).name;
                         });

}  // namespace
}  // namespace tunrelay::test
