// SPDX-License-Identifier: MIT
// The programs that fill results/: they run to their end and find what they look for. How fast
// anything is they may not judge here, since other tests run beside them.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class MeasuringTest : public PrivateNetwork {
 protected:
  /// With its results in /run/out.
  static ProcessResult measure(const std::string& tool, const std::string& flags) {
    std::vector<std::string> command = {"env", "TUNRELAY_BUILD=" TUNRELAY_BINARY_DIR,
                                        TUNRELAY_SOURCE_DIR "/tools/" + tool, "--out", "/run/out"};
    for (const std::string& flag : split(flags)) command.push_back(flag);
    return run(command, std::chrono::minutes(2));
  }

  static std::string content(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream("/run/out/" + name).rdbuf();
    return text.str();
  }
};

TEST_F(MeasuringTest, ComparesPeers) {
  const ProcessResult result =
      measure("compare-peers",
              "--rounds 1 --seconds 1 --peers veth,loop-batch-8,tunrelay,loop "
              "--tests tcp-1,udp-64 --congestion-control reno,bbr");
  ASSERT_TRUE(result.succeeded()) << result.describe();
  const std::string page = content("peers.md");
  for (const char* test :
       {"## TCP, 1 flow, reno, Gbit/s", "## TCP, 1 flow, bbr, Gbit/s", "## UDP, 64 bytes, kpps"})
    EXPECT_THAT(page, HasSubstr(test));
  // Median, better half, lowest to highest, ratios to veth and loop, CPU time of the three.
  for (const char* peer : {"tunrelay", "loop-batch-8"})
    EXPECT_THAT(page, ContainsRegex("\n\\| " + std::string(peer) +
                                    " \\| [0-9.]+ \\| [0-9.]+ \\| [0-9.]+ to [0-9.]+ \\| [0-9.]+ "
                                    "\\| [0-9.]+ \\| [1-9][0-9]* \\| [1-9][0-9]* \\| [1-9]"));
  EXPECT_THAT(content("peers.svg"), HasSubstr("<svg"));
}

TEST_F(MeasuringTest, ComparesPeersWithACongestionControlThatThereIs) {
  const ProcessResult result = measure("compare-peers", "--congestion-control reno,nosuch");
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("this kernel has no congestion control nosuch"));
}

TEST_F(MeasuringTest, MeasuresCost) {
  const ProcessResult result = measure(
      "measure-cost", "--rounds 1 --seconds 1 --series stages,mtu --congestion-control reno");
  ASSERT_TRUE(result.succeeded()) << result.describe();
  EXPECT_THAT(content("cost.md"), ContainsRegex("\n\\| absent \\| [0-9.]+ "));
  EXPECT_THAT(content("cost.md"), ContainsRegex("\n\\| 65535 \\| [0-9.]+ "));
}

TEST_F(MeasuringTest, SaysWhereThereIsNoNetem) {
  std::ofstream("/run/tc")
      << "#!/bin/sh\necho 'Error: Specified qdisc kind is unknown.' >&2\nexit 2\n";
  std::filesystem::permissions("/run/tc", std::filesystem::perms(0755));
  const ProcessResult result =
      run({"env", "PATH=/run:/usr/sbin:/usr/bin:/sbin:/bin", "TUNRELAY_BUILD=" TUNRELAY_BINARY_DIR,
           TUNRELAY_SOURCE_DIR "/tools/compare-netem"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("this kernel has no netem: tc qdisc add"));
  EXPECT_THAT(result.standard_error, HasSubstr("kind is unknown"));
  EXPECT_THAT(result.standard_error, HasSubstr("hint: tools/test-kernels 6.12 --"));
}

TEST_F(MeasuringTest, FindsNoDifferenceBetweenOursAndOurs) {
  const ProcessResult result = measure(
      "compare-netem", "--control --sections loss,copies --rows random;duplicate --packets 1500");
  ASSERT_TRUE(result.succeeded()) << result.describe();
  const std::string page = content("netem.md");
  for (const char* row : {"loss, random", "duplicate", "duplicate, correlated"})
    for (const char* way : {"a to b", "b to a"})
      EXPECT_THAT(page, ContainsRegex("\n\\| " + std::string(row) +
                                      " \\| `[^`]*` \\| `netem [^`]*` \\| " + way +
                                      " \\| [a-z ]*, Welch over 100 blocks \\| [1-9][0-9.]* % "
                                      "\\| [1-9][0-9.]* % \\| p [0-9.]+ \\| same \\|"));
  EXPECT_THAT(content("netem.json"), HasSubstr("\"kernel\""));
}

TEST_F(MeasuringTest, MeasuresTcpAcrossAQueue) {
  const ProcessResult result = measure(
      "compare-netem", "--control --sections queues --rows fq_codel --rounds 1 --seconds 2");
  // Two runs of TCP need not be alike; that they ran is what is tested here.
  EXPECT_THAT(content("netem.md"),
              ContainsRegex("\n\\| fq_codel, reno, 4 flows .* p95 of the delay "
                            "\\| [1-9][0-9.]* ms \\| [1-9][0-9.]* ms \\| x "))
      << result.describe();
}

TEST(FleetTest, MoreMachinesSeeMoreAndCallNoMoreFalsely) {
  const ProcessResult result =
      run(split(TUNRELAY_SOURCE_DIR "/tools/simulate-fleet --simulations 40 --machines 6,300 "
                                    "--metrics tcp_1_flow/throughput --between 0.005"));
  ASSERT_TRUE(result.succeeded()) << result.describe();
  const auto shares = [&result](const std::string& machines) {
    std::smatch found;
    const std::string& text = result.standard_output;
    const std::regex row("\\| " + machines +
                         " \\| in turns on each \\| ([0-9.]+) % \\| ([0-9.]+) % \\|");
    EXPECT_TRUE(std::regex_search(text, found, row)) << text;
    return std::pair(std::stod(found[1]), std::stod(found[2]));
  };
  EXPECT_LT(shares("6").second, 80);
  EXPECT_LE(shares("300").first, 10);
  EXPECT_GE(shares("300").second, 90);
}

}  // namespace
}  // namespace tunrelay::test
