// SPDX-License-Identifier: MIT
// `compare` of two programs on this host: a slowed one is found, the same one is not blamed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay {
namespace {

using ::testing::HasSubstr;

class CompareTest : public test::PrivateNetwork {
 protected:
  static test::ProcessResult compare(const std::string& arguments) {
    return test::run(
        test::split(test::program() + " compare -q --base " + test::program() + " " + arguments),
        std::chrono::minutes(2));
  }
};

TEST_F(CompareTest, FindsAProgramThatIsMuchSlower) {
  const test::ProcessResult done = test::run_shell(
      test::program() + " compare -q --slice 100ms --time 1m --base " + test::program() +
          " --head " + test::program() + " --head-flags '--burn 300'",
      std::chrono::minutes(2));
  EXPECT_EQ(done.exit_code, 4) << done.describe();
  EXPECT_THAT(done.standard_output, HasSubstr("worse"));
}

TEST_F(CompareTest, ReportsWhichChangeThisHostCanSee) {
  const test::ProcessResult done = compare("--noise --slice 50ms --rounds 3");
  EXPECT_EQ(done.exit_code, 0) << done.describe();
  EXPECT_THAT(done.standard_output, HasSubstr("smallest change"));
}

TEST_F(CompareTest, SaysWhenAProgramCanNotBeMeasured) {
  const test::ProcessResult done = compare("--head /bin/false --rounds 1");
  EXPECT_EQ(done.exit_code, 1) << done.describe();
  EXPECT_THAT(done.standard_error, HasSubstr("/bin/false"));
}

}  // namespace
}  // namespace tunrelay
