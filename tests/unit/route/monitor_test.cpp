// SPDX-License-Identifier: MIT
// The monitor puts back what others take away, reports what it can't, and does not fight. Root.
#include "route/watch/monitor.hpp"

#include <gmock/gmock.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "route/watch/path_check.hpp"
#include "route_network.hpp"
#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = RouteEvent::Kind;

auto event(Kind kind, const std::string& text) {
  return AllOf(Field(&RouteEvent::kind, kind), Field(&RouteEvent::text, HasSubstr(text)));
}

/// What the monitor reports until it has had nothing to do for a while.
std::vector<RouteEvent> events_of(RouteMonitor& monitor, int quiet_ms = 100) {
  std::vector<RouteEvent> events;
  for (;;) {
    pollfd wait{.fd = monitor.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, quiet_ms) == 0) return events;
    const auto more = monitor.handle();
    events.insert(events.end(), more.begin(), more.end());
  }
}

std::size_t count(const std::vector<RouteEvent>& events, Kind kind) {
  return static_cast<std::size_t>(std::count_if(
      events.begin(), events.end(), [kind](const RouteEvent& one) { return one.kind == kind; }));
}

class MonitorTest : public RouteNetwork {
 protected:
  void start(Strategy strategy, Families families = Families::kBoth, bool made_by_us = true) {
    pair().start();
    applied_ = apply(request_for({strategy, families, made_by_us}));
    monitor_ = std::make_unique<RouteMonitor>(*applied_);
    ASSERT_THAT(events_of(*monitor_), IsEmpty());
  }
  void TearDown() override {
    monitor_.reset();
    applied_.reset();
    RouteNetwork::TearDown();
  }
  std::vector<RouteEvent> after(const std::string& script) {
    sh(script);
    return events_of(*monitor_);
  }
  void expect_whole() {
    const PathCheck check = check_path(applied_->plan().ends);
    EXPECT_TRUE(check.is_whole()) << check.to_string();
    EXPECT_THAT(
        find_broken_steps(applied_->plan(), read_places(applied_->plan(), applied_->applier())),
        IsEmpty());
  }

  std::unique_ptr<AppliedPlan> applied_;
  std::unique_ptr<RouteMonitor> monitor_;
};

TEST_F(MonitorTest, PutsBackRulesThatOthersDelete) {
  start(Strategy::kPolicy);
  EXPECT_THAT(after("ip rule del pref 10 iif tun0 && ip -6 rule del pref 11 to fd13::2"),
              Contains(event(Kind::kRepaired, "the rule 10: from all iif tun0 lookup 5213")));
  expect_whole();
}

TEST_F(MonitorTest, PutsEverythingBackAfterAFlushOfAllRules) {
  start(Strategy::kPolicy);
  // Flush keeps the rule at priority 0 alone, so here it is gone with the others.
  const auto events =
      after("ip rule flush && ip -6 rule flush && ip rule add pref 32766 lookup main");
  // All ten rules, of which the first are named.
  EXPECT_THAT(events, Contains(event(Kind::kRepaired, "; and 6 more")));
  expect_whole();
}

TEST_F(MonitorTest, TakesAwayALocalRuleThatCameBack) {
  start(Strategy::kPolicy);
  // As another program would: with a protocol of its own.
  EXPECT_THAT(after("ip rule add pref 0 lookup local"),
              Contains(event(Kind::kRepaired, "which had come back")));
  expect_whole();
}

TEST_F(MonitorTest, PutsBackRoutesAndAddresses) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic}) {
    start(strategy);
    const std::string in = strategy == Strategy::kPolicy ? "5213" : "13";
    const std::string out = strategy == Strategy::kPolicy ? "5214" : "main";
    EXPECT_THAT(after("ip route flush table " + in), Contains(event(Kind::kRepaired, "blackhole")));
    expect_whole();
    EXPECT_THAT(after("ip route del 192.168.13.2 dev tun0 table " + out),
                Contains(event(Kind::kRepaired, "192.168.13.2 dev tun0")));
    expect_whole();
    EXPECT_THAT(after("ip -6 address del fd13::1/64 dev tun0"),
                Contains(event(Kind::kRepaired, "inet6 fd13::1/64")));
    expect_whole();
    EXPECT_THAT(after("ip address del 192.168.13.1/24 dev tun0"),
                Contains(event(Kind::kRepaired, "inet 192.168.13.1/24")));
    expect_whole();
    TearDown();
    SetUp();
  }
}

TEST_F(MonitorTest, ReportsThatAnInterfaceIsDownAndRepairsWhenItIsUpAgain) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic}) {
    start(strategy);
    const auto events = after("ip link set tun0 down");
    EXPECT_THAT(events, Contains(event(Kind::kInterfaceDown, "tun0 was set down")));
    EXPECT_THAT(events, Contains(Field(&RouteEvent::device, "tun0")));
    EXPECT_FALSE(check_path(applied_->plan().ends).is_whole());
    EXPECT_THAT(
        after("ip link set tun0 up"),
        AllOf(Contains(event(Kind::kInterfaceUp, "tun0")),
              Contains(event(Kind::kRepaired, "The interface tun0 came up again; put back: ")),
              Not(Contains(event(Kind::kRepaired, "Another program")))));
    expect_whole();
    TearDown();
    SetUp();
  }
}

/// What a fall takes comes back in one repair, which nobody else is blamed for, and as often as it
/// happens.
TEST_F(MonitorTest, ALinkThatFellAndIsUpAgainIsNoOtherProgramsDoing) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces}) {
    start(strategy);
    const bool apart = strategy == Strategy::kNamespaces;
    const std::string a = apart ? "ip -n tunrelay-a" : "ip";
    const std::string b = apart ? "ip -n tunrelay-b" : "ip";
    for (int round = 0; round < 2 * RepairLimit::kBurst; ++round) {
      std::vector<RouteEvent> events;
      sh(a + " link set tun0 down && " + a + " link set tun0 up && " + b +
         " link set tun1 down && " + b + " link set tun1 up");
      while (count(events, Kind::kRepaired) == 0) {
        const auto more = events_of(*monitor_, 10);
        events.insert(events.end(), more.begin(), more.end());
      }
      EXPECT_THAT(events, Contains(event(Kind::kRepaired,
                                         "The interfaces tun0 and tun1 came up again; put back: ")))
          << to_string(strategy);
      EXPECT_EQ(events.size(), 1U) << to_string(strategy);
      ASSERT_NO_FATAL_FAILURE(expect_whole());
    }
    TearDown();
    SetUp();
  }
}

TEST_F(MonitorTest, ThirtyFlushesAreRepairedSoonAfterTheLast) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces}) {
    start(strategy);
    const bool apart = strategy == Strategy::kNamespaces;
    for (int round = 0; round < 30; ++round) {
      sh(std::string(apart ? "ip -n tunrelay-a" : "ip") + " address flush dev tun0");
      sh(std::string(apart ? "ip -n tunrelay-b" : "ip") + " address flush dev tun1");
      monitor_->handle();
    }
    const std::int64_t last_ns = monotonic_ns();
    while (!check_path(applied_->plan().ends).is_whole() &&
           monotonic_ns() - last_ns < 10 * kNanosecondsPerSecond)
      events_of(*monitor_, 20);
    EXPECT_LT(monotonic_ns() - last_ns, 2 * kNanosecondsPerSecond) << to_string(strategy);
    expect_whole();
    TearDown();
    SetUp();
  }
}

TEST_F(MonitorTest, PutsBackTheRoutesInsideTheNamespaces) {
  start(Strategy::kNamespaces);
  for (const char* family : {"-4", "-6"}) {
    EXPECT_THAT(
        after(std::string("ip ") + family + " -n tunrelay-a route flush dev tun0"),
        Contains(event(Kind::kRepaired, family == std::string("-4") ? "192.168.13.2 dev tun0"
                                                                    : "fd13::2 dev tun0")));
    expect_whole();
  }
}

/// From Linux 6.2 on (dev_change_name() in net/core/dev.c).
bool kernel_renames_what_is_up() {
  const bool renamed = run_shell(
                           "ip tuntap add r0 mode tun && ip link set r0 up && "
                           "ip link set r0 name r1 && ip link del r1")
                           .succeeded();
  return renamed || !run_shell("ip link del r0").succeeded();
}

TEST_F(MonitorTest, FollowsARenamedLink) {
  if (!kernel_renames_what_is_up())
    return skip_or_fail("this kernel does not rename an interface that is up");
  const std::string before = network_state();
  start(Strategy::kPolicy, Families::kBoth, false);
  EXPECT_THAT(after("ip link set tun0 name left0"),
              AllOf(Contains(event(Kind::kInterfaceRenamed, "tun0 was renamed to left0")),
                    Not(Contains(Field(&RouteEvent::kind, Kind::kRepaired)))));
  sh("! ip rule | grep -q detached && ip rule | grep -q 'iif left0'");
  expect_whole();
  EXPECT_THAT(after("ip link set left0 name tun0"),
              Contains(event(Kind::kInterfaceRenamed, "tun0")));
  expect_whole();
  monitor_.reset();
  EXPECT_THAT(applied_->undo(), IsEmpty());
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(MonitorTest, ReportsANewMtu) {
  start(Strategy::kPolicy);
  EXPECT_THAT(after("ip link set tun1 mtu 1400"),
              Contains(AllOf(event(Kind::kMtuChanged, "tun1"), Field(&RouteEvent::mtu_bytes, 1400U),
                             Field(&RouteEvent::device, "tun1"))));
}

TEST_F(MonitorTest, ReportsThatAnInterfaceIsGone) {
  start(Strategy::kPolicy);
  EXPECT_THAT(after("ip link del tun1"),
              Contains(event(Kind::kInterfaceDeleted, "tun1 was deleted")));
}

TEST_F(MonitorTest, WatchesInsideTheNamespaces) {
  start(Strategy::kNamespaces);
  EXPECT_THAT(after("ip -n tunrelay-b address del 192.168.13.2/24 dev tun1"),
              Contains(event(Kind::kRepaired, "192.168.13.2/24")));
  expect_whole();
  EXPECT_THAT(after("ip -n tunrelay-b link set tun1 down"),
              Contains(event(Kind::kInterfaceDown, "tun1")));
}

TEST_F(MonitorTest, ForeignChangesAreNoneOfItsBusiness) {
  start(Strategy::kPolicy);
  EXPECT_THAT(after("ip link add veth0 type veth peer name veth1 && ip address add 10.1.1.1/24 "
                    "dev veth0 && ip link set veth0 up && ip route add 10.2.0.0/16 dev veth0 && "
                    "ip rule add pref 50 lookup 50 && ip link del veth0"),
              IsEmpty());
}

TEST_F(MonitorTest, DoesNotFight) {
  start(Strategy::kPolicy, Families::kIpv4);
  const std::int64_t start_ns = monotonic_ns();
  std::vector<RouteEvent> events;
  while (count(events, Kind::kBroken) == 0 && events.size() < 100) {
    sh("ip rule del pref 10 iif tun0");
    const auto more = events_of(*monitor_, 5);
    events.insert(events.end(), more.begin(), more.end());
  }
  const std::int64_t intervals = (monotonic_ns() - start_ns) / RepairLimit::kIntervalNs;
  EXPECT_GE(count(events, Kind::kRepaired), 10U);
  EXPECT_LE(count(events, Kind::kRepaired), 10U + static_cast<std::size_t>(intervals));
  EXPECT_THAT(events, Contains(event(Kind::kBroken, "keeps changing our routes")));
  // It wakes by itself when the next repair is due, without a notification.
  pollfd wait{.fd = monitor_->fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
  EXPECT_EQ(count(events_of(*monitor_), Kind::kRepaired), 1U);
  expect_whole();
}

/// Takes the large buffers away from this process's sockets that hear notifications.
void shrink_notification_buffers() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename().string());
    sockaddr_nl name{};
    socklen_t length = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0 ||
        name.nl_family != AF_NETLINK || name.nl_groups == 0)
      continue;
    constexpr int kFewBytes = 1;  // the kernel has its own least
    ASSERT_EQ(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kFewBytes, sizeof kFewBytes), 0);
  }
}

TEST_F(MonitorTest, ReadsEverythingAgainAfterLostNotifications) {
  start(Strategy::kPolicy, Families::kIpv4);
  shrink_notification_buffers();
  // More than a small buffer holds, and somewhere among them one that matters.
  sh("ip rule del pref 10 iif tun0; for a in $(seq 1 250); do "
     "echo route add 10.9.9.$a dev lo; done > /run/batch; ip -batch /run/batch");
  const auto events = events_of(*monitor_, 1500);
  EXPECT_THAT(events, Contains(Field(&RouteEvent::kind, Kind::kResynced)));
  EXPECT_THAT(events, Contains(Field(&RouteEvent::kind, Kind::kRepaired)));
  expect_whole();
}

constexpr std::int64_t kStartNs = 1'000 * kNanosecondsPerSecond;

/// As somebody who changes our routes without pause at the time NOW_NS.
bool repair_in_a_fight(RepairLimit& limit, std::int64_t now_ns) {
  const bool allowed = limit.allows(now_ns, now_ns);
  if (allowed) limit.count(now_ns);
  return allowed;
}

TEST(RepairLimitTest, TenAtOnceThenOneASecond) {
  RepairLimit limit;
  for (int repair = 0; repair < RepairLimit::kBurst; ++repair)
    EXPECT_TRUE(repair_in_a_fight(limit, kStartNs));
  EXPECT_FALSE(repair_in_a_fight(limit, kStartNs));
  EXPECT_FALSE(repair_in_a_fight(limit, kStartNs + RepairLimit::kIntervalNs - 1));
  EXPECT_TRUE(repair_in_a_fight(limit, kStartNs + RepairLimit::kIntervalNs));
  EXPECT_FALSE(repair_in_a_fight(limit, kStartNs + RepairLimit::kIntervalNs));
  // After a long rest the whole burst is there again, and no more.
  const std::int64_t later_ns = kStartNs + 3'600 * kNanosecondsPerSecond;
  for (int repair = 0; repair < RepairLimit::kBurst; ++repair)
    EXPECT_TRUE(repair_in_a_fight(limit, later_ns));
  EXPECT_FALSE(repair_in_a_fight(limit, later_ns));
}

TEST(RepairLimitTest, QuietBringsTheNextRepairSoon) {
  RepairLimit limit;
  for (int repair = 0; repair < RepairLimit::kBurst; ++repair) limit.count(kStartNs);
  EXPECT_EQ(limit.next_ns(kStartNs), kStartNs + RepairLimit::kMinQuietNs);
  // The changes go on: what is quiet is counted from the last one.
  const std::int64_t changed_ns = kStartNs + kNanosecondsPerSecond / 2;
  EXPECT_FALSE(limit.allows(changed_ns, changed_ns));
  EXPECT_TRUE(limit.allows(changed_ns + RepairLimit::kMinQuietNs, changed_ns));
}

TEST(RepairLimitTest, RepairsThatDoNotLastComeOnceASecond) {
  RepairLimit limit;
  std::int64_t now_ns = kStartNs;
  // Somebody undoes each repair at once, and waits for the next one.
  const auto repairs_in_a_minute = [&] {
    const std::int64_t end_ns = now_ns + 60 * kNanosecondsPerSecond;
    int repairs = 0;
    for (; now_ns < end_ns; ++repairs) {
      limit.count(now_ns);
      now_ns = std::max(now_ns, limit.next_ns(now_ns));
    }
    return repairs;
  };
  EXPECT_LE(repairs_in_a_minute(), 75);
  EXPECT_LE(repairs_in_a_minute(), 61);
  EXPECT_LE(repairs_in_a_minute(), 61);
  // It gives up: the last repair lasts, and the next change is nobody's fight.
  now_ns += 20 * RepairLimit::kIntervalNs;
  for (int repair = 0; repair < RepairLimit::kBurst; ++repair) limit.count(now_ns);
  EXPECT_EQ(limit.next_ns(now_ns), now_ns + RepairLimit::kMinQuietNs);
}

}  // namespace
}  // namespace tunrelay::test
