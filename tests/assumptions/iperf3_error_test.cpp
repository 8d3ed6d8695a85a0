// SPDX-License-Identifier: MIT
// `iperf3 -J` of some releases (3.12) exits 0 when the connection is refused, of others (3.18) 1;
// all say so in their JSON: whoever trusts the exit code may measure nothing.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

class Iperf3ErrorTest : public PrivateNetwork {};

TEST_F(Iperf3ErrorTest, StandsInTheJsonWhateverTheExitCode) {
  const ProcessResult result = run(split("iperf3 --client 127.0.0.1 --time 1 --json"));
  EXPECT_LE(result.exit_code, 1) << result.describe();
  EXPECT_TRUE(nlohmann::json::parse(result.standard_output).contains("error"));
}

}  // namespace
}  // namespace tunrelay::test
