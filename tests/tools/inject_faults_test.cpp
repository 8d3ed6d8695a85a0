// SPDX-License-Identifier: MIT
// tools/inject-faults: some faults by chance, those that once did harm, and that it sees what a
// careless program does.
#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InjectFaultsTest : public PrivateNetwork {
 protected:
  static ProcessResult inject(const std::string& program, const std::vector<std::string>& flags) {
    constexpr std::chrono::seconds kLimit{110};
    Command command{"env", "TUNRELAY_PROGRAM=" + program,
                    std::string(TUNRELAY_SOURCE_DIR) + "/tools/inject-faults"};
    command.insert(command.end(), flags.begin(), flags.end());
    return run(command, kLimit);
  }
  static nlohmann::json summary_of(const ProcessResult& result) {
    return nlohmann::json::parse(result.standard_output);
  }
};

TEST_F(InjectFaultsTest, SomeByChanceAreMet) {
  // The same ones each time, so that a failure is of the change; tools/test --long tries all.
  const std::string seed = "1";
  const ProcessResult result =
      inject(TUNRELAY_PROGRAM, {"--scenarios", "exec", "run", "flap", "--each", "1", "--sample",
                                "60", "--seconds", "40", "--seed", seed});
  EXPECT_EQ(result.exit_code, 0) << "seed " << seed << ": " << result.describe();
  const nlohmann::json summary = summary_of(result);
  EXPECT_GT(summary.at("faults"), 1000);
  EXPECT_GT(summary.at("met"), 20);
  EXPECT_GT(summary.at("ended"), 0) << "none of them ended a tunnel";
}

/// Each of these hung, killed the command, left a journal or named a wrong cause.
TEST_F(InjectFaultsTest, ThoseThatOnceDidHarmAreMet) {
  const std::string pattern =
      "boot_id.*#1 (EMFILE|EACCES)|ns/net 0x80000.#2 ENFILE|run/tunrelay 0x280000.#1 E(INTR|MFILE)|"
      "ftruncate.*EPERM|unlinkat.*EROFS|mprotect.*#1|clone3.*#2 EAGAIN|fcntl.0x0|sendto..#1 "
      "ENOBUFS|"
      "exec: dup2|setns|"
      // The tunnel's requests and its helper's answers.
      "exec: sendmsg..#1 EPERM|flap: sendto.netlink 3.#1 EPERM|exec: sendto.netlink 0.#1 EPERM";
  const ProcessResult result =
      inject(TUNRELAY_PROGRAM,
             {"--scenarios", "exec", "run", "run-namespaces", "flap", "--only", pattern});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_GT(summary_of(result).at("met"), 15);
}

TEST_F(InjectFaultsTest, ACarelessProgramIsSeen) {
  const ProcessResult result =
      inject(TUNRELAY_CARELESS_PROGRAM,
             {"--scenarios", "exec", "--only", "/dev/null.*EMFILE|eventfd2.*EMFILE|socket.*EPERM"});
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_EQ(summary_of(result).at("wrong"), 3);
  for (const char* problem : {"no message that names what was tried",
                              "hang: ", "left: + file /run/tunrelay/1-left.journal"})
    EXPECT_THAT(result.standard_error, HasSubstr(problem));
  EXPECT_THAT(result.standard_error, Not(HasSubstr("Traceback")));
}

TEST_F(InjectFaultsTest, WithoutAFaultItIsNoTest) {
  const ProcessResult result =
      inject(TUNRELAY_PROGRAM, {"--scenarios", "exec", "--only", "no such call"});
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("ended after 0 faults"));
}

}  // namespace
}  // namespace tunrelay::test
