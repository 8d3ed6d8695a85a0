// SPDX-License-Identifier: MIT
// What cleanup undoes, what it leaves alone, and what it throws away. Root.
#include "route/apply/cleanup.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "os/netns.hpp"
#include "os/process.hpp"
#include "route_network.hpp"
#include "support/skip.hpp"

namespace tunrelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CleanupTest : public RouteNetwork {
 protected:
  /// A process applies the plan under the name INSTANCE, and ends without undoing.
  static void leave_behind(const std::string& instance, bool persistent = false,
                           std::size_t killed_after = ~std::size_t{0}) {
    const pid_t child = ::fork();
    if (child == 0) {
      ApplyHooks hooks;
      hooks.after_change = [killed_after](std::size_t number) {
        if (number == killed_after) ::raise(SIGKILL);
      };
      const auto applied = apply(request_for({Strategy::kPolicy, Families::kBoth, false}), hooks,
                                 instance, persistent);
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
  }
  static CleanupReport clean_up(const CleanupOptions& options = {}) {
    return clean_up_leftovers(kJournalDirectory, options);
  }
  /// A journal that speaks of another time or place.
  static void write_journal(const JournalHeader& header) {
    const auto directory = JournalDirectory::open();
    const Rule rule{.priority = 77, .table = 77, .protocol = kOwnProtocol};
    std::ofstream(directory.path() + "/" +
                  JournalDirectory::journal_name(header.netns_inode, header.instance))
        << header_line(header) << step_line(0, {.change = AddRule{rule}, .undo = DeleteRule{rule}});
  }
  static JournalHeader dead_header() {
    return {.boot_id = boot_id(),
            .netns_inode = current_netns_inode(),
            .netns_cookie = current_netns_cookie(),
            .instance = "test",
            .owner = {::getpid(), 1}};  // the number is given again, the start time is not
  }
};

TEST_F(CleanupTest, WithoutADirectoryThereIsNothingToDo) {
  const CleanupReport report = clean_up();
  EXPECT_TRUE(report.is_clean());
  EXPECT_FALSE(std::filesystem::exists(kJournalDirectory));
}

TEST_F(CleanupTest, UndoesWhatAKilledTunnelLeft) {
  const std::string before = network_state();
  leave_behind("test");
  ASSERT_FALSE(same_network_state(before, network_state()));
  EXPECT_THAT(clean_up().restored, ElementsAre("test"));
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(CleanupTest, LeavesALivingTunnelAlone) {
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kIpv4, false}));
  const std::string state = network_state();
  CleanupOptions options;
  options.persistent_too = true;
  const CleanupReport report = clean_up(options);
  EXPECT_THAT(report.restored, IsEmpty());
  EXPECT_THAT(
      report.left,
      ElementsAre(Field(&JournalLeft::reason,
                        HasSubstr("process " + std::to_string(::getpid()) + " is at work"))));
  EXPECT_TRUE(same_network_state(state, network_state()));
}

TEST_F(CleanupTest, LeavesWhatMustStayUnlessRequested) {
  const std::string before = network_state();
  leave_behind("kept", true);
  EXPECT_THAT(clean_up().left,
              ElementsAre(Field(&JournalLeft::reason, HasSubstr("are permanent"))));
  CleanupOptions options;
  options.persistent_too = true;
  options.instance = "another";
  EXPECT_THAT(clean_up(options).restored, IsEmpty());
  options.instance = "kept";
  EXPECT_THAT(clean_up(options).restored, ElementsAre("kept"));
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(CleanupTest, AnInterruptedApplicationWasNotToStay) {
  const std::string before = network_state();
  leave_behind("kept", true, 3);
  EXPECT_THAT(clean_up().restored, ElementsAre("kept"));
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(CleanupTest, AnAppliedPlanThatIsReleasedStaysUntilItIsRemoved) {
  const std::string before = network_state();
  apply(request_for({Strategy::kPolicy, Families::kIpv4, false}), {}, "kept", true)->release();
  // Its owner, this test, is alive, but does not look after it any more.
  EXPECT_THAT(clean_up().left, ::testing::SizeIs(1));
  ASSERT_FALSE(same_network_state(before, network_state()));
}

TEST_F(CleanupTest, JournalsOfAnotherBootAreThrownAway) {
  JournalHeader header = dead_header();
  header.boot_id = "another";
  write_journal(header);
  sh("ip rule add pref 77 lookup 77 protocol 213");
  EXPECT_THAT(clean_up().outdated, ::testing::SizeIs(1));
  EXPECT_TRUE(std::filesystem::is_empty(kJournalDirectory));
  sh("ip rule del pref 77 lookup 77 protocol 213");  // it was not touched
}

TEST_F(CleanupTest, ANamespaceThatHasOnlyTheNumberOfTheOldOneIsNotTouched) {
  JournalHeader header = dead_header();
  if (header.netns_cookie == 0) return skip_or_fail("this kernel has no cookies of namespaces");
  header.netns_cookie += 1'000'000;
  write_journal(header);
  sh("ip rule add pref 77 lookup 77 protocol 213");
  EXPECT_THAT(clean_up().outdated, ::testing::SizeIs(1));
  sh("ip rule del pref 77 lookup 77 protocol 213");
}

TEST_F(CleanupTest, AJournalOfAnotherLivingNamespaceIsLeft) {
  ASSERT_EQ(create_named_netns("other"), 0);
  JournalHeader header = dead_header();
  header.netns_inode = netns_inode(open_named_netns("other").get());
  write_journal(header);
  EXPECT_THAT(clean_up().left,
              ElementsAre(Field(&JournalLeft::reason, HasSubstr("another network namespace"))));
  EXPECT_EQ(delete_named_netns("other"), 0);
}

TEST_F(CleanupTest, AJournalOfANamespaceThatIsGoneIsThrownAway) {
  ASSERT_EQ(create_named_netns("other"), 0);
  JournalHeader header = dead_header();
  header.netns_inode = netns_inode(open_named_netns("other").get());
  write_journal(header);
  header.netns_inode = 1;  // no namespace has it
  write_journal(header);
  // In a process namespace of its own, where every process can be read.
  const pid_t outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) ::_exit(10);
    const pid_t inner = ::fork();
    if (inner == 0) {
      if (::mount("proc", "/proc", "proc", 0, nullptr) != 0) ::_exit(11);
      // The named one is in use, by its name alone.
      const CleanupReport report = clean_up();
      ::_exit(report.outdated.size() == 1 && report.left.size() == 1 ? 0 : 12);
    }
    int status = 0;
    ::waitpid(inner, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 13);
  }
  int status = 0;
  ::waitpid(outer, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(delete_named_netns("other"), 0);
}

TEST_F(CleanupTest, OneThatCantBeReadIsNamedAndDoesNotStopTheOthers) {
  const std::string before = network_state();
  leave_behind("test");
  const std::string bad = "1-bad.journal";
  std::ofstream(std::string(kJournalDirectory) + "/" + bad) << "garbage\n";
  const CleanupReport report = clean_up();
  EXPECT_FALSE(report.is_clean());
  EXPECT_THAT(report.unreadable, ElementsAre(Field(&JournalLeft::name, bad)));
  EXPECT_THAT(report.restored, ElementsAre("test"));
  EXPECT_TRUE(same_network_state(before, network_state()));
}

TEST_F(CleanupTest, ADeadTunnelLeavesTheLocalRuleToALivingOne) {
  const std::string before = network_state();
  leave_behind("dead");
  const TunPair others("tun2", "tun3");
  PlanRequest request = request_for({Strategy::kPolicy, Families::kIpv4, true});
  request.a.device = "tun2";
  request.b.device = "tun3";
  request.a.addresses = {IpPrefix::parse("192.168.14.1/24")};
  request.b.addresses = {IpPrefix::parse("192.168.14.2/24")};
  auto living = apply(request, {}, "living");
  EXPECT_THAT(clean_up().restored, ElementsAre("dead"));
  sh("ip rule | grep -q '^12:.*lookup local' && ! ip rule | grep -q ^0: && ip -6 rule | grep ^0:");
  EXPECT_THAT(living->undo(), IsEmpty());
  sh("ip link del tun2 && ip link del tun3");
  EXPECT_TRUE(same_network_state(before, network_state()));
}

}  // namespace
}  // namespace tunrelay::test
