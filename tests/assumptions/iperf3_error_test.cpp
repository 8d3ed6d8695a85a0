// `iperf3 -J` exits 0 when the connection is refused, and says so only in its JSON: whoever
// trusts the exit code measures nothing.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

class Iperf3ErrorTest : public PrivateNetwork {};

TEST_F(Iperf3ErrorTest, StandsInTheJsonAlone) {
  const ProcessResult result = run(words("iperf3 --client 127.0.0.1 --time 1 --json"));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_TRUE(nlohmann::json::parse(result.standard_output).contains("error"));
}

}  // namespace
}  // namespace tunrelay::test
