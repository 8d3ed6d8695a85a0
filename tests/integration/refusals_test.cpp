// SPDX-License-Identifier: MIT
// What a start on an unsupported host says: what was tried, on what, the kernel's answer, the way
// out; with exit code 3, and with nothing changed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "support/network_state.hpp"
#include "support/process.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr milliseconds kRefusalLimit{20'000};

class RefusalTest : public UnchangedNetwork {
 protected:
  /// What SCRIPT, in which $T is the program, says; it must exit with 3 and change nothing.
  std::string refusal(const std::string& script, int exit_code = 3) {
    const ProcessResult result = run_shell("T=" + program() + "\n" + script, kRefusalLimit);
    EXPECT_EQ(result.exit_code, exit_code) << result.describe();
    EXPECT_EQ(result.standard_output, "");
    EXPECT_THAT(result.standard_error, HasSubstr("tunrelay: could not "));
    EXPECT_TRUE(restored_within(milliseconds{2'000}, before_)) << result.describe();
    return result.standard_error;
  }
};

TEST_F(RefusalTest, NamesTheProcessOfTheSameName) {
  TunnelProcess first;
  ASSERT_TRUE(first.wait_until_ready());
  const std::string running = network_state();
  const ProcessResult second = run({program(), "run"}, kRefusalLimit);
  EXPECT_EQ(second.exit_code, 3) << second.describe();
  EXPECT_THAT(second.standard_error, HasSubstr(fmt::format("process {}", first.process().pid())));
  EXPECT_TRUE(same_network_state(running, network_state()));
  EXPECT_TRUE(first.counters().at("path").at("proven").get<bool>());
  EXPECT_EQ(first.stop().exit_code, 0);
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(RefusalTest, NamesTheMissingPermission) {
  EXPECT_THAT(refusal("exec setpriv --reuid=65534 --clear-groups $T run"),
              AllOf(HasSubstr("EACCES"), HasSubstr("run as root")));
  EXPECT_THAT(refusal("exec capsh --drop=cap_net_admin -- -c \"exec $T run\""),
              AllOf(HasSubstr("tun0"), HasSubstr("EPERM"), HasSubstr("CAP_NET_ADMIN")));
}

TEST_F(RefusalTest, NamesTheMissingTunNode) {
  EXPECT_THAT(refusal("exec unshare -m sh -ec 'mount -t tmpfs none /dev/net; exec $0 run' $T"),
              AllOf(HasSubstr("/dev/net/tun"), HasSubstr("ENOENT"), HasSubstr("hint: ")));
  EXPECT_THAT(
      refusal("exec unshare -m sh -ec 'mount --bind /dev/null /dev/net/tun; exec $0 run' $T"),
      AllOf(HasSubstr("/dev/net/tun"), HasSubstr("hint: ")));
}

TEST_F(RefusalTest, NamesAnotherKindOfInterface) {
  prepare("ip link add tun0 type veth peer name veth9");
  EXPECT_THAT(refusal("exec $T run"),
              AllOf(HasSubstr("the device tun0"), HasSubstr("another kind of interface"),
                    HasSubstr("choose another name")));
}

TEST_F(RefusalTest, NamesADeviceOfAnotherProgram) {
  TunnelProcess other("--device-b other1 --address-a 192.168.14.1/24 --address-b 192.168.14.2/24");
  ASSERT_TRUE(other.wait_until_ready());
  const std::string running = network_state();
  const ProcessResult result = run({program(), "run"}, kRefusalLimit);
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_THAT(result.standard_error,
              AllOf(HasSubstr("tun0"), HasSubstr("another program holds tun0")));
  EXPECT_TRUE(same_network_state(running, network_state()));
}

TEST_F(RefusalTest, NamesTheAddressInTheWay) {
  prepare("ip link add veth8 type veth peer name veth9; ip addr add 192.168.13.9/24 dev veth8");
  EXPECT_THAT(refusal("exec $T run"),
              AllOf(HasSubstr("overlaps the subnet of another interface"), HasSubstr("veth8"),
                    HasSubstr("192.168.13.9/24"), HasSubstr("choose other addresses")));
}

/// It has addresses and routes, and rules, in the way of both ends; but it is one thing.
TEST_F(RefusalTest, ATunnelOfTheSameAddressesMakesAFewLines) {
  TunnelProcess other("--device-a other0 --device-b other1");
  ASSERT_TRUE(other.wait_until_ready());
  const ProcessResult result = run({program(), "run"}, kRefusalLimit);
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_THAT(result.standard_error,
              AllOf(HasSubstr("192.168.13.1/24 overlaps the subnet of another interface"),
                    HasSubstr("other1"), HasSubstr("--address-a")));
  EXPECT_LE(std::count(result.standard_error.begin(), result.standard_error.end(), '\n'), 10)
      << result.standard_error;
}

TEST_F(RefusalTest, NamesTheRouteInTheWay) {
  prepare(
      "ip link add veth8 type veth peer name veth9; ip link set veth8 up; ip link set veth9 up\n"
      "ip route add 192.168.0.0/16 dev veth8");
  EXPECT_THAT(refusal("exec $T run"), AllOf(HasSubstr("overlaps a route of another interface"),
                                            HasSubstr("192.168.0.0/16 dev veth8")));
}

TEST_F(RefusalTest, NamesThePriorityThatIsNotFree) {
  prepare("ip rule add pref 1 from 10.9.9.9 lookup main");
  EXPECT_THAT(refusal("exec $T run"),
              AllOf(HasSubstr("not enough free priorities"), HasSubstr("from 10.9.9.9"),
                    HasSubstr("move that rule")));
}

TEST_F(RefusalTest, NamesTheTakenNamespace) {
  prepare("ip netns add tunrelay-a");
  EXPECT_THAT(refusal("exec $T run --strategy namespaces"),
              AllOf(HasSubstr("there is a network namespace tunrelay-a already"),
                    HasSubstr("ip netns delete tunrelay-a")));
  prepare("ip netns del tunrelay-a");
}

TEST_F(RefusalTest, PicksAnotherTableWhenOneIsTaken) {
  prepare("ip route add 10.9.0.0/16 dev lo table 5213; ip route add 10.9.0.0/16 dev lo table 5214");
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  EXPECT_EQ(output_of(split("ip route show table 5213")), "10.9.0.0/16 dev lo scope link \n");
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(RefusalTest, UsageErrorsAreTwo) {
  for (const char* flags : {"--queues 0", "--mtu 9", "--cpus 0-x", "--device-a a/b",
                            "--address-a 192.168.13.1", "--engine fast", "--no-such-flag"}) {
    const ProcessResult result = run(split(program() + " run " + flags), kRefusalLimit);
    EXPECT_EQ(result.exit_code, 2) << flags << ": " << result.describe();
    EXPECT_NE(result.standard_error, "");
  }
  EXPECT_TRUE(same_network_state(before_, network_state()));
}

}  // namespace
}  // namespace tunrelay::test
