// SPDX-License-Identifier: MIT
// What we read from the kernel and how we print it, against what `ip` prints. Root.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <regex>
#include <sstream>

#include "os/netns.hpp"
#include "os/process.hpp"
#include "route_network.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

/// Lines without the marks of a state (linkdown), or that we leave out (pref).
std::vector<std::string> lines_of(const std::string& command) {
  static const std::regex kLeftOut(R"(\\| (linkdown|dead|pref medium)\b)");
  static const std::regex kBlanks("[ \t]+");
  std::istringstream stream(output_of(split(command)));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    line = std::regex_replace(std::regex_replace(line, kLeftOut, ""), kBlanks, " ");
    while (line.ends_with(' ')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

class LinesTest : public RouteNetwork {
 protected:
  static void make_variety() {
    sh("ip link set tun0 up && ip link set tun1 up");
    sh("ip address add 192.168.13.1/24 brd + dev tun0 && ip address add 10.1.0.1 peer 10.2.0.1/32 "
       "dev tun1 && ip -6 address add fd13::1/64 dev tun0 nodad noprefixroute");
    sh("ip route add 10.5.0.0/16 via 192.168.13.9 dev tun0 metric 50 proto static && "
       "ip route add 10.6.0.0/16 nexthop via 192.168.13.9 dev tun0 weight 2 "
       "nexthop via 192.168.13.8 dev tun0 weight 1 && "
       "ip route add blackhole 10.7.0.0/16 table 300 proto 213 && "
       "ip route add unreachable default table 300 metric 4278198272 && "
       "ip route add throw 10.8.0.0/16 table 99 && "
       "ip route add 10.9.9.9 dev tun0 scope link src 192.168.13.1 && "
       "ip route add 10.10.0.0/16 via 172.16.0.1 dev tun0 onlink && "
       "ip route add 10.11.0.0/16 dev tun0 congctl reno");
    sh("ip -6 route add fd55::/64 dev tun0 proto static metric 7 && "
       "ip -6 route add blackhole default table 300 proto 213");
    sh("ip rule add pref 5 iif tun0 lookup 300 protocol 213 && "
       "ip rule add pref 6 from 10.0.0.0/8 to 192.168.13.2 lookup main && "
       "ip rule add pref 7 fwmark 0x80000/0xff0000 unreachable && "
       "ip rule add pref 8 not from all oif tun1 iif nosuch lookup 99 && "
       "ip rule add pref 9 uidrange 1000-2000 ipproto tcp sport 80 dport 90-95 blackhole && "
       "ip rule add pref 10 goto 32766 && "
       "ip rule add pref 11 lookup main suppress_prefixlength 0 && "
       "ip -6 rule add pref 5 from fd13::/64 to fd13::2 iif lo lookup 300 protocol static");
  }
};

TEST_F(LinesTest, RulesReadAsIpPrintsThem) {
  make_variety();
  std::vector<std::string> ours;
  for (const Rule& rule : read_host_state().rules)
    // `ip` knows some protocols by name.
    ours.push_back(std::regex_replace(to_line(rule), std::regex("ipproto 6"), "ipproto tcp"));
  auto expected = lines_of("ip rule");
  const auto ipv6 = lines_of("ip -6 rule");
  expected.insert(expected.end(), ipv6.begin(), ipv6.end());
  EXPECT_THAT(ours, ElementsAreArray(expected));
}

TEST_F(LinesTest, RoutesReadAsIpPrintsThem) {
  make_variety();
  std::vector<std::string> ours_ipv4;
  std::vector<std::string> ours_ipv6;
  for (const Route& route : read_host_state().routes)
    (route.is_ipv4() ? ours_ipv4 : ours_ipv6).push_back(to_line(route));
  auto expected = lines_of("ip -4 -o route show table all");
  EXPECT_THAT(ours_ipv4, ElementsAreArray(expected));
  // Metric 0 is the kernel's own, which we leave out.
  expected = lines_of("ip -6 -o route show table all");
  for (std::string& line : expected)
    line = std::regex_replace(line, std::regex(" metric 0\\b"), "");
  EXPECT_THAT(ours_ipv6, ElementsAreArray(expected));
}

TEST_F(LinesTest, AddressesAndLinksAreRead) {
  make_variety();
  const HostState state = read_host_state();
  std::vector<std::string> lines;
  for (const InterfaceAddress& address : state.addresses)
    if (address.device != "lo" && address.scope != RT_SCOPE_LINK) lines.push_back(to_line(address));
  EXPECT_THAT(lines, ::testing::UnorderedElementsAre(
                         "inet 192.168.13.1/24 brd 192.168.13.255 scope global tun0",
                         "inet6 fd13::1/64 scope global nodad noprefixroute tun0",
                         "inet 10.1.0.1 peer 10.2.0.1/32 scope global tun1"));
  const Interface* interface = state.find_interface("tun0");
  ASSERT_NE(interface, nullptr);
  EXPECT_EQ(interface->kind, "tun");
  EXPECT_TRUE(interface->up && interface->carrier);
  EXPECT_EQ(interface->mtu_bytes, 1500U);
  EXPECT_EQ(interface->txqueuelen, 500U);
  EXPECT_TRUE(state.has_ipv6);
  EXPECT_FALSE(state.networkd_runs);
}

TEST_F(LinesTest, DifferencesNameWhatWentAndWhatCame) {
  const HostState before = read_host_state();
  sh("ip rule del pref 0 && ip rule add pref 12 lookup local protocol 213");
  EXPECT_THAT(differences(before, read_host_state()),
              ::testing::ElementsAre("- rule 0: from all lookup local",
                                     "+ rule 12: from all lookup local proto 213"));
}

TEST_F(LinesTest, OurCommandsAreWhatIpUnderstands) {
  // The dry run's commands lead to the same network as the plan itself.
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic}) {
    const PlanRequest request = request_for({strategy, Families::kBoth, false});
    const Plan plan = make_plan(request, read_host_state());
    const HostState before = read_host_state();
    for (const Step& step : plan.steps)
      if (const std::string command = to_command(step); !command.empty()) sh(command);
    HostState by_commands = read_host_state();
    for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step)
      if (const std::string command = to_command(step->undo, step->netns); !command.empty())
        sh(command);
    EXPECT_THAT(differences(before, read_host_state()), IsEmpty());
    auto applied = std::make_unique<AppliedPlan>(plan, nullptr);
    HostState by_plan = read_host_state();
    // `ip` 6.1 can't give an address a protocol.
    for (InterfaceAddress& address : by_plan.addresses)
      if (address.protocol == kOwnProtocol) address.protocol = 0;
    EXPECT_THAT(differences(by_commands, by_plan), IsEmpty());
  }
}

TEST_F(LinesTest, NetworkdIsFoundByItsName) {
  EXPECT_FALSE(networkd_runs_here());
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, "systemd-networkd");
    [[maybe_unused]] const ssize_t written = ::write(ends[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  ASSERT_GT(child, 0);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  EXPECT_TRUE(networkd_runs_here());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

class NetnsTest : public RouteNetwork {};

TEST_F(NetnsTest, NamedOnesAreMadeAsIpMakesThem) {
  const std::uint64_t home = current_netns_inode();
  ASSERT_EQ(create_named_netns("mine"), 0);
  EXPECT_EQ(current_netns_inode(), home);
  EXPECT_EQ(create_named_netns("mine"), EEXIST);
  EXPECT_EQ(output_of(split("ip netns exec mine ls /sys/class/net")), "lo\n");
  const std::uint64_t inside = netns_inode(open_named_netns("mine").get());
  EXPECT_NE(inside, home);
  EXPECT_EQ(output_of(split("ip netns exec mine stat -Lc %i /proc/self/ns/net")),
            std::to_string(inside) + "\n");
  sh("ip netns add other");
  EXPECT_THAT(named_netns(), ::testing::ElementsAre("mine", "other"));
  EXPECT_EQ(delete_named_netns("mine"), 0);
  EXPECT_EQ(delete_named_netns("other"), 0);
  EXPECT_EQ(delete_named_netns("mine"), ENOENT);
  EXPECT_THAT(named_netns(), IsEmpty());
  EXPECT_EQ(create_named_netns("../mine"), EINVAL);
}

TEST_F(NetnsTest, AScopeEntersAndReturns) {
  ASSERT_EQ(create_named_netns("mine"), 0);
  const std::uint64_t home = current_netns_inode();
  const std::uint64_t home_cookie = current_netns_cookie();
  {
    const FileDescriptor mine = open_named_netns("mine");
    const NetnsScope scope(mine.get());
    EXPECT_EQ(current_netns_inode(), netns_inode(mine.get()));
    // Linux before 5.14 has none.
    EXPECT_TRUE(home_cookie == 0 || current_netns_cookie() != home_cookie);
    std::uint64_t elsewhere = 0;
    std::thread([&] { elsewhere = current_netns_inode(); }).join();
    EXPECT_EQ(elsewhere, netns_inode(mine.get()));  // a new thread begins where it is made
  }
  EXPECT_EQ(current_netns_inode(), home);
  EXPECT_EQ(delete_named_netns("mine"), 0);
}

}  // namespace
}  // namespace tunrelay::test
