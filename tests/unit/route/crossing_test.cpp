// SPDX-License-Identifier: MIT
// Packets through an applied plan: they cross, both ways, under each strategy and whatever the
// host's filters say, and the path check reports when they would not. Root.
#include <gmock/gmock.h>

#include "os/netns.hpp"
#include "route/watch/path_check.hpp"
#include "route/watch/path_probe.hpp"
#include "route_network.hpp"
#include "support/busy_threads.hpp"

namespace tunrelay::test {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr std::chrono::milliseconds kPatience{10'000};

void expect_probes_cross(const TunnelEnds& ends) {
  std::uint64_t nonce = 4711;
  for (const Direction direction : {Direction::kAToB, Direction::kBToA})
    for (const IpFamily family : families_of(ends.a)) {
      const ProbeResult result = probe_path(ends, direction, family, ++nonce, kPatience);
      EXPECT_TRUE(result.crossed()) << to_string(direction) << ": " << result.text;
      EXPECT_FALSE(result.source_changed) << result.text;
      EXPECT_GT(result.one_way.count(), 0);
    }
}

class CrossingVariants : public RouteVariants {};
class DownVariants : public RouteVariants {};

TEST_P(CrossingVariants, ThePathIsWholeAndProbesCrossBothWays) {
  pair().start();
  const auto applied = apply(request_for(GetParam()));
  const TunnelEnds& ends = applied->plan().ends;
  const PathCheck check = check_path(ends);
  EXPECT_TRUE(check.is_whole()) << check.to_string();
  expect_probes_cross(ends);
}

TEST_P(CrossingVariants, PingCrossesWithoutBinding) {
  pair().start();
  const auto applied = apply(request_for(GetParam()));
  const TunnelEnds& ends = applied->plan().ends;
  for (const auto& [source, target] : {PathEnds{ends.a, ends.b}, PathEnds{ends.b, ends.a}}) {
    const std::string in = source.netns.empty() ? "" : "ip netns exec " + source.netns + " ";
    for (const IpPrefix& prefix : target.addresses)
      sh(in + "ping -n -q -c 3 -i 0.01 -W 2 " + prefix.address.to_string());
  }
}

TEST_P(DownVariants, ADeviceThatIsDownIsFoundAndNothingGoesPastTheTunnel) {
  pair().start();
  const auto applied = apply(request_for(GetParam()));
  const TunnelEnds& ends = applied->plan().ends;
  {
    const FileDescriptor netns =
        ends.a.netns.empty() ? open_current_netns() : open_named_netns(ends.a.netns);
    const NetnsScope scope(netns.get());
    sh("ip link set tun0 down");
  }
  const PathCheck check = check_path(ends);
  EXPECT_THAT(check.findings,
              Contains(Field(&PathFinding::text, HasSubstr("The interface tun0 is down"))));
  // The traffic fails, and is not carried by lo.
  for (const IpPrefix& prefix : ends.b.addresses) {
    const std::string in = ends.a.netns.empty() ? "" : "ip netns exec " + ends.a.netns + " ";
    EXPECT_FALSE(run_shell(in + "ping -n -q -c 1 -W 1 " + prefix.address.to_string()).succeeded())
        << prefix.to_string();
  }
}

INSTANTIATE_TEST_SUITE_P(All, CrossingVariants, ::testing::ValuesIn(all_variants()), variant_name);
// Under `classic` the traffic takes the route of the subnet instead, and arrives nowhere or by lo.
INSTANTIATE_TEST_SUITE_P(All, DownVariants,
                         ::testing::ValuesIn(variants_where([](const Variant& variant) {
                           return variant.strategy != Strategy::kClassic;
                         })),
                         variant_name);

class CrossingTest : public RouteNetwork {};

/// Address resolution and neighbour discovery have to cross too.
TEST_F(CrossingTest, TapDevicesWorkUnderEveryStrategy) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces})
    for (const bool made_by_us : {true, false}) {
      SCOPED_TRACE(name_of({strategy, Families::kBoth, made_by_us}));
      renew_devices(IFF_TAP);
      pair().start();
      const auto applied = apply(request_for({strategy, Families::kBoth, made_by_us}));
      EXPECT_TRUE(check_path(applied->plan().ends).is_whole());
      expect_probes_cross(applied->plan().ends);
    }
}

/// A probe of a to b that says more than that the host was busy, which it may be beside other
/// tests.
ProbeResult calm_probe(const TunnelEnds& ends, std::chrono::milliseconds limit) {
  constexpr int kMaxTries = 30;
  for (int tries = 1;; ++tries) {
    ProbeResult result = probe_path(ends, Direction::kAToB, IpFamily::kIpv4, 4711, limit);
    if (!result.host_busy || tries == kMaxTries) return result;
  }
}

TEST_F(CrossingTest, AProbeThatABusyHostMayHaveHeldUpBlamesNoFirewall) {
  constexpr std::chrono::milliseconds kLimit{300};
  const auto applied = apply(request_for({}));  // nobody passes packets on
  const TunnelEnds& ends = applied->plan().ends;
  const ProbeResult calm = calm_probe(ends, kLimit);
  EXPECT_FALSE(calm.host_busy) << calm.text;
  EXPECT_THAT(calm.text, HasSubstr("was lost before tun0"));
  const BusyThreads threads(4);
  const ProbeResult busy = probe_path(ends, Direction::kAToB, IpFamily::kIpv4, 4711, kLimit);
  EXPECT_TRUE(busy.host_busy) << busy.text;
  EXPECT_THAT(busy.text, HasSubstr("did not arrive in time: the host is busy: this process "));
  EXPECT_THAT(busy.text, ::testing::Not(HasSubstr("firewall")));
}

TEST_F(CrossingTest, PolicyPassesEveryReversePathFilter) {
  pair().start();
  const auto applied = apply(request_for({}));
  for (const char* mode : {"0", "1", "2"})
    for (const char* accept_local : {"0", "1"}) {
      for (const char* device : {"all", "tun0", "tun1"}) {
        set_sysctl(std::string("net/ipv4/conf/") + device + "/rp_filter", mode);
        set_sysctl(std::string("net/ipv4/conf/") + device + "/accept_local", accept_local);
      }
      SCOPED_TRACE(std::string("rp_filter ") + mode + ", accept_local " + accept_local);
      EXPECT_TRUE(check_path(applied->plan().ends).is_whole());
      expect_probes_cross(applied->plan().ends);
    }
}

TEST_F(CrossingTest, ClassicPassesEveryReversePathFilter) {
  pair().start();
  const auto applied = apply(request_for({Strategy::kClassic, Families::kIpv4}));
  for (const char* mode : {"0", "1", "2"}) {
    for (const char* device : {"all", "tun0", "tun1"})
      set_sysctl(std::string("net/ipv4/conf/") + device + "/rp_filter", mode);
    SCOPED_TRACE(std::string("rp_filter ") + mode);
    EXPECT_TRUE(check_path(applied->plan().ends).is_whole());
    expect_probes_cross(applied->plan().ends);
  }
}

/// With forwarding on, a packet to an address of the subnet that nobody has used to cross until
/// its TTL was spent.
class LoopGuardVariants : public RouteVariants {};

TEST_P(LoopGuardVariants, APacketToAnUnusedAddressCrossesOnce) {
  set_sysctl("net/ipv4/ip_forward", "1");
  set_sysctl("net/ipv4/conf/all/accept_local", "1");
  const auto applied = apply(request_for(GetParam()));
  pair().start();
  run_shell("ping -n -q -c 1 -W 1 192.168.13.77");
  EXPECT_EQ(pair().crossed(0) + pair().crossed(1), 1U);
  // The guard is what stops it: without that route the packet goes round and round.
  const std::string table = GetParam().strategy == Strategy::kPolicy ? "5213" : "13";
  sh("ip route del blackhole default table " + table);
  run_shell("ping -n -q -c 1 -W 1 192.168.13.77");
  EXPECT_GT(pair().crossed(0) + pair().crossed(1), 10U);
}

INSTANTIATE_TEST_SUITE_P(All, LoopGuardVariants,
                         ::testing::Values(Variant{Strategy::kPolicy, Families::kIpv4},
                                           Variant{Strategy::kClassic, Families::kIpv4}),
                         variant_name);

TEST_F(CrossingTest, WithoutAPlanTheCheckSaysThatTrafficGoesOverLo) {
  sh("ip link set tun0 up && ip link set tun1 up");
  sh("ip address add 192.168.13.1/24 dev tun0 && ip address add 192.168.13.2/24 dev tun1");
  const TunnelEnds ends{.a = {.device = "tun0", .addresses = {IpPrefix::parse("192.168.13.1/24")}},
                        .b = {.device = "tun1", .addresses = {IpPrefix::parse("192.168.13.2/24")}}};
  const PathCheck check = check_path(ends);
  EXPECT_THAT(
      check.findings,
      Contains(Field(&PathFinding::text, "Traffic for 192.168.13.2 leaves by lo, not by tun0.")));
  const ProbeResult result = probe_path(ends, Direction::kAToB, IpFamily::kIpv4, 1);
  EXPECT_TRUE(result.received);
  EXPECT_FALSE(result.crossed());
  EXPECT_THAT(result.text, HasSubstr("past the tunnel"));
}

TEST_F(CrossingTest, ClassicThatFellBackToLoIsFound) {
  pair().start();
  const auto applied = apply(request_for({Strategy::kClassic, Families::kIpv4}));
  // The kernel puts the local route back when the interface comes up again.
  sh("ip link set tun1 down && ip link set tun1 up");
  EXPECT_THAT(check_path(applied->plan().ends).findings,
              Contains(Field(&PathFinding::text, HasSubstr("leaves by lo, not by tun0"))));
}

TEST_F(CrossingTest, AProbeWithoutARelayIsNotReceivedAndSaysWhereItStopped) {
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kIpv4}));
  const ProbeResult result = calm_probe(applied->plan().ends, std::chrono::milliseconds(50));
  EXPECT_TRUE(result.sent);
  EXPECT_FALSE(result.received);
  EXPECT_THAT(result.text, HasSubstr("was lost before tun0"));
}

TEST_F(CrossingTest, ARuleThatDropsArrivalsIsNamedByTheCheckAndTheProbe) {
  pair().start();
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kIpv4}));
  sh("ip rule add pref 5 iif tun1 blackhole");
  EXPECT_THAT(check_path(applied->plan().ends).findings,
              Contains(Field(&PathFinding::text, HasSubstr("that arrives on tun1 is dropped"))));
  const ProbeResult result = calm_probe(applied->plan().ends, std::chrono::milliseconds(300));
  EXPECT_FALSE(result.received);
  EXPECT_THAT(result.text, HasSubstr("came in by tun1 and was not delivered"));
}

TEST_F(CrossingTest, AnAddressThatIsGoneIsAFinding) {
  pair().start();
  const auto applied = apply(request_for({}));
  for (const char* address : {"192.168.13.1/24", "fd13::1/64"}) {
    sh(std::string("ip address del ") + address + " dev tun0");
    const bool is_ipv4 = std::string(address).front() == '1';
    const ProbeResult result =
        probe_path(applied->plan().ends, Direction::kAToB,
                   is_ipv4 ? IpFamily::kIpv4 : IpFamily::kIpv6, 4711, kPatience);
    EXPECT_FALSE(result.crossed());
    EXPECT_THAT(result.text, HasSubstr("failed: could not bind a socket to "));
  }
}

TEST_F(CrossingTest, ANamespaceThatHasLostItsNameIsAFinding) {
  pair().start();
  const auto applied = apply(request_for({.strategy = Strategy::kNamespaces}));
  sh("umount /run/netns/tunrelay-b && rm /run/netns/tunrelay-b");
  const TunnelEnds& ends = applied->plan().ends;
  EXPECT_THAT(check_path(ends).findings,
              Contains(Field(&PathFinding::text, HasSubstr("tunrelay-b: No such file"))));
  const ProbeResult result = probe_path(ends, Direction::kAToB, IpFamily::kIpv4, 4711, kPatience);
  EXPECT_THAT(result.text, HasSubstr("tunrelay-b: No such file"));
}

}  // namespace
}  // namespace tunrelay::test
