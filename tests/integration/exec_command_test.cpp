// SPDX-License-Identifier: MIT
// Where the command of `exec` begins, which flags are refused before it, and what its exit code is
// when it can't be run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay {
namespace {

using test::ProcessResult;
using test::run;
using test::split;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecCommandTest : public test::PrivateNetwork {
 protected:
  static ProcessResult tunrelay(const std::string& arguments) {
    return run(split(test::program() + " " + arguments));
  }
};

TEST_F(ExecCommandTest, TheFirstWordThatIsNoFlagBeginsIt) {
  for (const char* flags : {"-q", "-q --", "-q --queues 2 --engine=syscall", "-qa own0"}) {
    const ProcessResult result =
        tunrelay(std::string("exec ") + flags + " printf %s. --queues -x --config /none -- --json");
    EXPECT_EQ(result.exit_code, 0) << flags << ": " << result.describe();
    EXPECT_EQ(result.standard_output, "--queues.-x.--config./none.--.--json.") << flags;
    EXPECT_EQ(result.standard_error, "") << flags;
  }
}

TEST_F(ExecCommandTest, FlagsBeforeItAreOurs) {
  const ProcessResult result = tunrelay("exec -q -a own0 ip link show own0");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(tunrelay("exec -q ip link show own0").exit_code, 1);
}

TEST_F(ExecCommandTest, AMisspeltFlagIsNamedWithTheNearestRightOne) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"exec --quues 2 ping -c 1 192.168.13.2",
       "--quues: there is no such flag\n  hint: did you mean --queues? "},
      {"exec --quues=2 -- true", "use --quues: there"},
      {"exec --no-such true", "--no-such: there is no such flag\n  hint: `tunrelay exec --help`"},
      {"exec -qx true", "use -qx: there"},
      {"run --trcae", "did you mean --trace?"},
      {"gen 127.0.0.1 127.0.0.1 --pss 10", "did you mean --pps?"},
      {"bench iperf3 --udp", "another program's go behind --"},
      {"routes plan --jsn", "did you mean --json? `tunrelay routes plan --help`"},
      {"link shwo", "did you mean show?"},
      {"exce true", "did you mean exec?"},
  };
  for (const auto& [arguments, said] : cases) {
    const ProcessResult result = tunrelay(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments << ": " << result.describe();
    EXPECT_THAT(result.standard_error, HasSubstr(said)) << arguments;
    EXPECT_EQ(result.standard_output, "") << arguments;
  }
}

TEST_F(ExecCommandTest, ACommandThatIsMissingOrNoProgramHasTheExitCodesOfEnv) {
  const std::string plain = "/run/plain";
  const std::string orphan = "/run/orphan";
  std::ofstream(plain) << "true\n";
  std::ofstream(orphan) << "#!/no/such/interpreter\n";
  std::filesystem::permissions(orphan, std::filesystem::perms::owner_all);
  const struct {
    std::string command;
    int exit_code;
    const char* cause;
    const char* hint;
  } cases[] = {
      {"no-such-command", 127, "(ENOENT)", "check its name and PATH"},
      {"/run/no-such", 127, "(ENOENT)", "check its name"},
      {orphan, 127, "(ENOENT)", "its interpreter is missing"},
      {plain, 126, "(EACCES)", "chmod +x"},
      {"/run", 126, "(EACCES)", "executable"},
      {plain + "/x", 126, "(ENOTDIR)", ""},
  };
  for (const auto& one : cases) {
    const ProcessResult result = tunrelay("exec -q " + one.command + " -x");
    EXPECT_EQ(result.exit_code, one.exit_code) << result.describe();
    EXPECT_EQ(run({"env", one.command}).exit_code, one.exit_code) << one.command;
    EXPECT_THAT(result.standard_error,
                AllOf(HasSubstr("could not run " + one.command), HasSubstr(one.cause),
                      HasSubstr(one.hint), Not(HasSubstr("proven"))));
  }
}

}  // namespace
}  // namespace tunrelay
