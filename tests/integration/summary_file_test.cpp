// SPDX-License-Identifier: MIT
// `tunrelay exec --summary-file FILE`: a file that can't be written is not a success.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;

class SummaryFileTest : public PrivateNetwork {
 protected:
  static ProcessResult exec(const std::string& flags, const std::string& script) {
    Command command = split(program() + " exec " + flags + " -- sh -c");
    command.push_back(script);
    return run(command);
  }
};

TEST_F(SummaryFileTest, ThatCantBeWrittenFailsExec) {
  for (const char* path : {"/proc/summary.json", "/run/none/summary.json", "/run"}) {
    const ProcessResult early = exec(std::string("--summary-file ") + path, "echo ran");
    EXPECT_EQ(early.exit_code, 1) << early.describe();
    EXPECT_EQ(early.standard_output, "") << "the command does not run in vain";
    EXPECT_THAT(early.standard_error, HasSubstr(std::string("could not write ") + path));
  }
  const ProcessResult late = exec("-q --summary-file /dev/full", "echo ran; exit 7");
  EXPECT_EQ(late.exit_code, 1) << late.describe();
  EXPECT_EQ(late.standard_output, "ran\n");
  EXPECT_THAT(late.standard_error, HasSubstr("ENOSPC"));
  EXPECT_THAT(late.standard_error, HasSubstr("the command has ended with exit code 7"));
  EXPECT_EQ(nlohmann::json::parse(late.standard_error.substr(0, late.standard_error.find('\n')))
                .at("command_exit_code"),
            7);
}

}  // namespace
}  // namespace tunrelay::test
