// SPDX-License-Identifier: MIT
// What the other scripts of tools/ say of themselves, and that tools/first-run distinguishes a
// measurement from a failure.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string tool(const std::string& name) {
  return std::string(TUNRELAY_SOURCE_DIR) + "/tools/" + name;
}

TEST(ScriptsTest, ExplainThemselves) {
  for (const char* name :
       {"fuzz", "inject-faults", "install-packages", "measure-suites", "quickstart", "regress",
        "soak", "test", "test-distributions", "test-kernels", "torture"}) {
    const ProcessResult result = run({tool(name), "--help"});
    EXPECT_TRUE(result.succeeded()) << name << ": " << result.describe();
    EXPECT_THAT(result.standard_output, StartsWith("usage: tools/" + std::string(name)));
  }
}

TEST(ScriptsTest, RefuseUnknownOptions) {
  for (const char* name : {"fuzz", "inject-faults", "install-packages", "measure-suites", "regress",
                           "soak", "test", "test-distributions", "test-kernels", "torture"}) {
    const ProcessResult result = run({tool(name), "--no-such-option"});
    EXPECT_EQ(result.exit_code, 2) << name << ": " << result.describe();
    EXPECT_THAT(result.standard_error, HasSubstr("usage:"));
  }
}

class FirstRunTest : public PrivateNetwork {
 protected:
  /// Both ends on lo: what is tested is the script, not a tunnel.
  static void add_addresses() {
    output_of(split("ip address add 192.168.13.1/32 dev lo"));
    output_of(split("ip address add 192.168.13.2/32 dev lo"));
  }
  static ProcessResult first_run() { return run({"env", "SECONDS_PER_RUN=1", tool("first-run")}); }
};

TEST_F(FirstRunTest, PrintsItsTable) {
  add_addresses();
  const ProcessResult result = first_run();
  EXPECT_TRUE(result.succeeded()) << result.describe();
  EXPECT_THAT(result.standard_output, ContainsRegex("TCP, 1 flow +[0-9]+\\.[0-9][0-9] Gbit/s"));
  EXPECT_THAT(result.standard_output, ContainsRegex("TCP, 4 flows +[0-9]+\\.[0-9][0-9] Gbit/s"));
  EXPECT_THAT(result.standard_output, ContainsRegex("Round trip +[0-9]+ / [0-9]+ / [0-9]+ us"));
}

TEST_F(FirstRunTest, FailsWithoutAWay) {
  const ProcessResult result = first_run();
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_output, IsEmpty());
  EXPECT_THAT(result.standard_error, HasSubstr("ping got no answer from 192.168.13.2"));
}

TEST_F(FirstRunTest, FailsWhenIperf3DoesThoughItExitsWithZero) {
  add_addresses();
  std::ofstream("/run/iperf3") << "#!/bin/sh\n"
                                  "[ $1 != --server ] || exec /usr/bin/iperf3 \"$@\"\n"
                                  "echo '{\"start\": {}, \"error\": \"the server is busy\"}'\n";
  std::filesystem::permissions("/run/iperf3", std::filesystem::perms(0755));
  const ProcessResult result = run({"env", "PATH=/run:/usr/bin:/bin", tool("first-run")});
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("iperf3: the server is busy"));
}

TEST_F(FirstRunTest, RefusesWhatIsNoNumber) {
  const ProcessResult result = run({"env", "SECONDS_PER_RUN=soon", tool("first-run")});
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("SECONDS_PER_RUN=soon"));
}

}  // namespace
}  // namespace tunrelay::test
