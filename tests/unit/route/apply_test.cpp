// SPDX-License-Identifier: MIT
// Applying a plan: failures, other tunnels, other programs, missing privileges. Root.
#include "route/apply/apply.hpp"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/error.hpp"
#include "route_network.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ApplyTest : public RouteNetwork {};

TEST_F(ApplyTest, AStepThatFailsUndoesThoseBeforeAndNamesItself) {
  const std::string before = network_state();
  auto request = request_for({Strategy::kPolicy, Families::kBoth, false});
  Plan plan = make_plan(request, read_host_state());
  // Between the look and the change somebody else adds the very route.
  sh("ip route add blackhole default table 5213 proto 99");
  try {
    AppliedPlan applied(plan, std::make_unique<Journal>(JournalDirectory::open(), "test", false));
    FAIL() << "it was applied";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("add the route blackhole default table 5213"));
    EXPECT_THAT(error.what(), HasSubstr("EEXIST"));
  }
  EXPECT_TRUE(no_journal_is_left());
  sh("ip route del blackhole default table 5213 proto 99");  // it is still there
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(ApplyTest, TheKernelsWordsAreInTheError) {
  Plan plan;
  const Route route{.destination = IpPrefix::parse("192.0.2.0/24"),
                    .protocol = kOwnProtocol,
                    .device_index = 1,
                    .device = "lo",
                    .preferred_source = IpAddress::parse("192.0.2.77")};
  plan.steps.push_back({.change = AddRoute{route}, .undo = DeleteRoute{route}});
  try {
    AppliedPlan applied(plan, nullptr);
    FAIL() << "it was applied";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("Invalid prefsrc"));
  }
}

TEST_F(ApplyTest, TheDestructorUndoes) {
  const std::string before = network_state();
  { const auto applied = apply(request_for({Strategy::kPolicy, Families::kBoth, false})); }
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(ApplyTest, UndoWorksWithoutTheDevices) {
  const HostState before = read_host_state();
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kBoth, false}));
  pair().close_end(0);
  pair().close_end(1);
  EXPECT_THAT(applied->undo(), IsEmpty());
  const HostState after = read_host_state();
  EXPECT_EQ(after.rules, before.rules);
  for (const Route& route : after.routes) EXPECT_NE(route.protocol, kOwnProtocol) << to_line(route);
}

TEST_F(ApplyTest, UndoLeavesWhatOthersHavePutInTheMeantime) {
  auto request = request_for({Strategy::kPolicy, Families::kIpv4, false});
  request.mtu_bytes = 1300;
  const auto applied = apply(request);
  sh("ip link set tun0 mtu 1350");
  sh("ip rule del pref 10 iif tun0 && ip rule add pref 10 iif tun0 lookup 5213 protocol 99");
  sh("ip route del 192.168.13.2 table 5214 && ip route add 192.168.13.2 dev tun0 table 5214 proto "
     "9");
  EXPECT_THAT(applied->undo(), IsEmpty());
  sh("ip link show tun0 | grep -q 'mtu 1350'");
  sh("ip link show tun1 | grep -q 'mtu 1500'");
  sh("ip rule del pref 10 iif tun0 lookup 5213 protocol 99");
}

TEST_F(ApplyTest, ASecondTunnelOfTheSameNameIsRefusedAndNamesTheProcess) {
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kIpv4, false}));
  try {
    const Journal second(JournalDirectory::open(), "test", false);
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(::getpid())));
  }
}

TEST_F(ApplyTest, TwoTunnelsShareTheLocalRuleAndTheLastPutsItBack) {
  for (const bool first_ends_first : {true, false}) {
    const TunPair others("tun2", "tun3");
    sh("ip link set tun2 up; ip link set tun3 up; ip link set tun2 down; ip link set tun3 down");
    const HostState before = read_host_state();
    auto first = apply(request_for({Strategy::kPolicy, Families::kIpv4, false}), {}, "one");
    auto request = request_for({Strategy::kPolicy, Families::kBoth, false});
    request.a.device = "tun2";
    request.b.device = "tun3";
    request.a.addresses = {IpPrefix::parse("192.168.14.1/24"), IpPrefix::parse("fd14::1/64")};
    request.b.addresses = {IpPrefix::parse("192.168.14.2/24"), IpPrefix::parse("fd14::2/64")};
    auto second = apply(request, {}, "two");
    EXPECT_THAT((first_ends_first ? first : second)->undo(), IsEmpty());
    sh("ip rule | grep -q '^12:.*lookup local' && ! ip rule | grep -q ^0:");
    EXPECT_THAT((first_ends_first ? second : first)->undo(), IsEmpty());
    EXPECT_THAT(differences(before, read_host_state()), IsEmpty());
  }
}

TEST_F(ApplyTest, ALocalRuleThatSomebodyMovedStaysWhereItIs) {
  sh("ip rule add pref 100 lookup local && ip rule del pref 0");
  const std::string before = network_state();
  auto applied = apply(request_for({Strategy::kPolicy, Families::kIpv4, false}));
  EXPECT_EQ(applied->plan().notes.size(), 1U);
  EXPECT_THAT(applied->undo(), IsEmpty());
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(ApplyTest, TheKernelsProtocolIsUndoneAsWell) {
  const std::string before = network_state();
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic}) {
    PlanRequest request = request_for({strategy, Families::kBoth, false});
    request.protocol = RTPROT_KERNEL;
    auto applied = apply(request);
    sh("ip rule | grep -q 'iif tun0' && ! ip rule | grep -q proto");
    EXPECT_THAT(applied->undo(), IsEmpty());
    EXPECT_TRUE(same_network_state(before, network_state()));
  }
}

TEST_F(ApplyTest, GoesOnWithAReadOnlyProcSys) {
  sh("mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys");
  auto applied = apply(request_for({Strategy::kPolicy, Families::kBoth, true}));
  // What netlink can set is set all the same.
  EXPECT_EQ(read_host_state().find_interface("tun0")->address_generation, IN6_ADDR_GEN_MODE_NONE);
  EXPECT_THAT(applied->undo(), IsEmpty());
}

/// Of all capabilities, CAP_NET_ADMIN alone is kept, as a service unit gives it.
void keep_net_admin_alone() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  sets[0].effective = sets[0].permitted = 1U << CAP_NET_ADMIN;
  ASSERT_EQ(::syscall(SYS_capset, &header, sets.data()), 0);
}

TEST_F(ApplyTest, NetAdminIsEnoughForPolicyAndClassic) {
  const HostState before = read_host_state();
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic}) {
    const pid_t child = ::fork();
    if (child == 0) {
      keep_net_admin_alone();
      const auto applied = apply(request_for({strategy, Families::kBoth, false}));
      ::_exit(applied->undo().empty() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << to_string(strategy);
    EXPECT_THAT(differences(before, read_host_state()), IsEmpty());
  }
}

TEST_F(ApplyTest, OurOwnDevicesAreQuiet) {
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kBoth, true}));
  const HostState state = read_host_state();
  for (const std::string device : {"tun0", "tun1"}) {
    EXPECT_EQ(state.find_interface(device)->address_generation, IN6_ADDR_GEN_MODE_NONE);
    for (const char* setting : {"accept_ra", "router_solicitations", "accept_dad"})
      EXPECT_EQ(state.settings.at("net/ipv6/conf/" + device + "/" + setting), "0") << setting;
  }
  for (const InterfaceAddress& address : state.addresses)
    EXPECT_NE(address.scope, RT_SCOPE_LINK) << to_line(address);
}

}  // namespace
}  // namespace tunrelay::test
