// SPDX-License-Identifier: MIT
// `exec` in a chroot whose root is a plain folder, no mount point, as chroot(1) leaves it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// /run/top has what the program needs; what is mounted lies below it, and it is none itself.
constexpr const char* kMakeRoot = R"sh(
  for folder in usr etc dev proc sys "$(dirname "$1")"; do
    mkdir -p "/run/top/$folder"
    mount --rbind "/$folder" "/run/top/$folder"
  done
  for link in bin sbin lib lib64; do cp -a "/$link" /run/top/; done
  mkdir /run/top/run
  touch /run/top/here
)sh";

std::string mounts_of_this_process() {
  std::ostringstream text;
  text << std::ifstream("/proc/self/mountinfo").rdbuf();
  return text.str();
}

class ChrootTest : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    output_of({"sh", "-euc", kMakeRoot, "sh", program()});
  }
  /// `exec` with ARGUMENTS in the chroot, started by the command BEFORE it.
  static Command exec_command(const Command& arguments, const Command& before = {}) {
    Command command{"chroot", "/run/top"};
    command.insert(command.end(), before.begin(), before.end());
    command.insert(command.end(), {program(), "exec"});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }
  static ProcessResult exec(const Command& arguments, const Command& before = {}) {
    return run(exec_command(arguments, before));
  }
};

TEST_F(ChrootTest, CarriesPackets) {
  constexpr const char* kPing =
      "test -e /here && ${TUNRELAY_A_NETNS:+nsenter --net=/run/netns/$TUNRELAY_A_NETNS} "
      "ping -n -q -c 1 -W 5 192.168.13.2";
  for (const char* strategy : {"policy", "classic", "namespaces"}) {
    const ProcessResult result = exec({"-q", "--strategy", strategy, "--", "sh", "-c", kPing});
    EXPECT_TRUE(result.succeeded()) << strategy << ": " << result.describe();
  }
}

TEST_F(ChrootTest, MountsReachNobodyElse) {
  // As on a usual host, where systemd makes all mounts shared.
  output_of(split("mount --make-rshared /"));
  const std::string before = mounts_of_this_process();
  ASSERT_THAT(before, HasSubstr("shared:"));
  BackgroundProcess tunnel(exec_command(
      {"-q", "--strategy", "namespaces", "--", "sh", "-c", "echo at work; exec sleep 60"}));
  ASSERT_TRUE(tunnel.wait_for_line("at work", std::chrono::milliseconds{20'000}));
  EXPECT_EQ(mounts_of_this_process(), before);
  tunnel.send_signal(SIGTERM);
  const ProcessResult result = tunnel.wait();
  EXPECT_EQ(result.exit_code, 128 + SIGTERM) << result.describe();
  EXPECT_EQ(mounts_of_this_process(), before);
}

TEST_F(ChrootTest, NamesTheCapabilityThatItNeeds) {
  const ProcessResult result = exec({"--", "true"}, split("setpriv --bounding-set -sys_chroot"));
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_THAT(result.standard_error, AllOf(HasSubstr("EPERM"), HasSubstr("CAP_SYS_CHROOT")));
}

}  // namespace
}  // namespace tunrelay::test
