// SPDX-License-Identifier: MIT
// The helper does what it is asked for, for its own plan alone, whoever is killed meanwhile. Root.
#include "route/helper/helper.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "os/attachment.hpp"
#include "os/netlink.hpp"
#include "os/passed_descriptor.hpp"
#include "os/process.hpp"
#include "os/text_file.hpp"
#include "route/helper/janitor.hpp"
#include "route/helper/janitor_process.hpp"
#include "route/helper/plan_text.hpp"
#include "route_network.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::IsEmpty;

constexpr std::chrono::milliseconds kHelperPatience{5'000};

template <typename Condition>
bool comes_true(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kHelperPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool is_running(pid_t pid) {
  const std::string status =
      read_text_file("/proc/" + std::to_string(pid) + "/status").value_or("");
  return !status.empty() && status.find("State:\tZ") == std::string::npos;
}

/// The processes of a session that run.
std::vector<pid_t> running_in(pid_t session) {
  std::vector<pid_t> pids;
  for (const pid_t pid : all_processes())
    if (::getsid(pid) == session && is_running(pid)) pids.push_back(pid);
  return pids;
}

std::vector<std::size_t> all_steps(const Plan& plan) {
  std::vector<std::size_t> steps(plan.steps.size());
  std::iota(steps.begin(), steps.end(), 0U);
  return steps;
}

class HelperTest : public RouteNetwork {
 protected:
  void start(Strategy strategy) {
    before_ = read_host_state();
    janitor_.emplace(JanitorDuty{.journal_directory = kJournalDirectory, .instance = "test"});
    applied_ = apply(request_for({strategy, Families::kBoth, false}));
    applied_->hand_over(link());
    ASSERT_TRUE(comes_true([this] { return running_in(janitor_->pid()).size() == 2; }));
  }
  void TearDown() override {
    applied_.reset();
    if (janitor_) janitor_->dismiss();
    RouteNetwork::TearDown();
  }
  HelperLink& link() { return janitor_->link(); }
  [[nodiscard]] pid_t janitor() const { return janitor_->pid(); }
  [[nodiscard]] pid_t helper() const {
    for (const pid_t pid : running_in(janitor()))
      if (pid != janitor()) return pid;
    return -1;
  }
  static void kill(pid_t pid) {
    ASSERT_GT(pid, 1);
    ::kill(pid, SIGKILL);
  }
  void expect_restored() {
    EXPECT_THAT(applied_->undo(), IsEmpty());
    EXPECT_THAT(differences(before_, read_host_state()), IsEmpty());
    EXPECT_TRUE(no_journal_is_left());
  }

  HostState before_;
  std::optional<Janitor> janitor_;
  std::unique_ptr<AppliedPlan> applied_;
};

TEST_F(HelperTest, DoesAgainWhatIsBrokenAndTouchesNothingElse) {
  start(Strategy::kPolicy);
  const HostState applied = read_host_state();
  const auto steps = all_steps(applied_->plan());
  EXPECT_THAT(link().repair(steps), Each(EALREADY));
  sh("ip rule del pref 10 iif tun0");
  const auto errors = link().repair(steps);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), 0), 1);
  EXPECT_THAT(differences(applied, read_host_state()), IsEmpty());
  expect_restored();
}

TEST_F(HelperTest, UndoesEachStrategyAndTakesTheJournalAway) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces}) {
    start(strategy);
    EXPECT_FALSE(differences(before_, read_host_state()).empty());
    EXPECT_FALSE(no_journal_is_left());
    expect_restored();
    applied_.reset();
    janitor_->dismiss();
    EXPECT_THAT(running_in(janitor()), IsEmpty());
  }
}

TEST_F(HelperTest, OpensSocketsInTheNamespacesOfTheEnds) {
  start(Strategy::kNamespaces);
  const auto names_at = [this](std::uint8_t end) {
    NetlinkSocket socket(link().open_socket(end, "", EndSocket::kRoutes));
    std::vector<std::string> names;
    for (const Interface& interface : read_interfaces(socket)) names.push_back(interface.name);
    return names;
  };
  EXPECT_THAT(names_at(0), Contains("tun0"));
  EXPECT_THAT(names_at(1), Contains("tun1"));
  for (const EndSocket kind : {EndSocket::kIpv4, EndSocket::kIpv6})
    EXPECT_TRUE(link().open_socket(0, "", kind).is_open());
  expect_restored();
}

TEST_F(HelperTest, FollowsNamesAlsoThoseThatItsPredecessorFollowed) {
  start(Strategy::kPolicy);
  sh("ip link set tun0 down && ip link set tun0 name other && ip link set other up");
  EXPECT_EQ(applied_->follow_rename("tun0", "other"), 0);
  EXPECT_EQ(run_shell("ip rule show pref 10").standard_output.find("detached"), std::string::npos);
  kill(helper());
  sh("ip link set other down && ip link set other name third && ip link set third up");
  EXPECT_EQ(applied_->follow_rename("other", "third"), 0);
  EXPECT_NE(run_shell("ip rule show").standard_output.find("third"), std::string::npos);
  sh("ip link set third down && ip link set third name tun0");
  EXPECT_EQ(applied_->follow_rename("third", "tun0"), 0);
  EXPECT_THAT(applied_->undo(), IsEmpty());
  // Also what the one that was killed has done.
  for (const char* name : {"tun", "other", "third"})
    EXPECT_EQ(run_shell("ip rule show").standard_output.find(name), std::string::npos) << name;
}

TEST_F(HelperTest, WhicheverIsKilledIsFollowedByAnother) {
  start(Strategy::kPolicy);
  for (int round = 0; round < 3; ++round)
    for (const bool is_helper : {true, false}) {
      const pid_t killed = is_helper ? helper() : janitor();
      if (!is_running(killed)) continue;  // the first janitor dies once
      kill(killed);
      sh("ip rule del pref 10 iif tun0");
      // EALREADY: a request that was sent twice, before and after a process was killed, may be
      // carried out the second time whenever its turn comes.
      EXPECT_THAT(link().repair(all_steps(applied_->plan())), Each(AnyOf(0, EALREADY)));
      sh("ip rule show pref 10 | grep -q 'iif tun0'");
      EXPECT_TRUE(comes_true([this] { return link().take_replaced() == 1; }));
      EXPECT_TRUE(comes_true([this] { return running_in(janitor()).size() == 2; }));
    }
  expect_restored();
  const pid_t session = janitor();
  janitor_->dismiss();
  EXPECT_TRUE(comes_true([session] { return running_in(session).empty(); }));
}

TEST_F(HelperTest, WithoutBothTheProcessItselfDoesWhatItHasTheRightTo) {
  start(Strategy::kPolicy);
  ASSERT_TRUE(comes_true([this] {
    for (const pid_t pid : running_in(janitor())) ::kill(pid, SIGKILL);
    return running_in(janitor()).empty();
  }));
  EXPECT_TRUE(comes_true([this] { return !link().is_there(); }));
  EXPECT_THAT(link().repair(all_steps(applied_->plan())), Each(ECONNRESET));
  EXPECT_EQ(applied_->keeper(), nullptr);
  expect_restored();
}

/// The other end of the socket, and a janitor that has no plan yet.
class HelperRefusalTest : public RouteNetwork {
 protected:
  void SetUp() override {
    RouteNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    socket_ = FileDescriptor(ends[0]);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    FileDescriptor peer(ends[1]);
    FileDescriptor self = open_pidfd(::getpid());
    janitor_ = ::fork();
    if (janitor_ == 0) be_janitor({.instance = "test"}, std::move(self), std::move(peer));
  }
  void TearDown() override {
    socket_.reset();
    if (janitor_ > 0) {
      ::kill(-janitor_, SIGKILL);
      ::waitpid(janitor_, nullptr, 0);
    }
    RouteNetwork::TearDown();
  }
  /// The errno of the answer to BYTES; -1: there is none.
  int answer_to(std::string_view bytes, int passed = -1) {
    if (send_with_descriptor(socket_, bytes, passed) < 0) return -1;
    HelperAnswer answer;
    if (::recv(socket_.get(), &answer, sizeof answer, 0) != sizeof answer) return -1;
    return static_cast<int>(answer.system_errno);
  }
  int answer_to(const HelperRequest& request, int passed = -1) {
    return answer_to({reinterpret_cast<const char*>(&request), sizeof request}, passed);
  }

  FileDescriptor socket_;
  pid_t janitor_ = -1;
};

TEST_F(HelperRefusalTest, NoMessageMakesItTouchWhatIsNotOfItsPlan) {
  const auto applied = apply(request_for({Strategy::kPolicy, Families::kBoth, false}));
  sh("ip rule add pref 5 to 198.51.100.1 lookup 99 && ip route add 198.51.100.0/24 dev tun0 "
     "table 99");
  const HostState before = read_host_state();
  for (const char* no_plan : {"", "{", "{\"strategy\":\"policy\"}"}) {
    const FileDescriptor text = make_attachment(no_plan);
    EXPECT_EQ(answer_to({.number = 1, .kind = HelperRequestKind::kTakePlan}, text.get()), EPROTO);
  }
  EXPECT_EQ(answer_to({.number = 1, .kind = HelperRequestKind::kUndo}), EINVAL) << "no plan yet";
  const FileDescriptor text = make_attachment(plan_text(applied->plan()));
  ASSERT_EQ(answer_to({.number = 2, .kind = HelperRequestKind::kTakePlan}, text.get()), 0);

  Plan others = applied->plan();
  others.steps = {
      {.change = NoChange{}, .undo = SetSysctl{.path = "net/ipv4/ip_forward", .value = "1"}}};
  const FileDescriptor other = make_attachment(plan_text(others));
  EXPECT_EQ(answer_to({.number = 3, .kind = HelperRequestKind::kTakePlan}, other.get()), EINVAL);
  HelperRequest beyond{.number = 4, .kind = HelperRequestKind::kRepair, .count = 1};
  beyond.steps[0] = static_cast<std::uint16_t>(applied->plan().steps.size());
  EXPECT_EQ(answer_to(beyond), EINVAL);
  EXPECT_EQ(answer_to(std::string(sizeof beyond, '\xff')), EINVAL);
  EXPECT_EQ(answer_to(std::string(sizeof beyond + 1, '\1')), EINVAL);
  EXPECT_EQ(answer_to(std::string(60'000, '\1')), EINVAL);
  EXPECT_EQ(answer_to(std::string(5, '\1')), EINVAL);
  // All that it can be asked for at all, over and over, leaves what stands as it is.
  HelperRequest all{.number = 5, .kind = HelperRequestKind::kRepair};
  for (std::size_t step = 0; step < std::min(kMaxHelperSteps, applied->plan().steps.size()); ++step)
    all.steps.at(all.count++) = static_cast<std::uint16_t>(step);
  for (int time = 0; time < 10; ++time) EXPECT_EQ(answer_to(all), 0);
  EXPECT_EQ(answer_to({.number = 6, .kind = HelperRequestKind::kFollowNames}), 0);
  EXPECT_THAT(differences(before, read_host_state()), IsEmpty());
  // It works on, for its own.
  EXPECT_EQ(answer_to({.number = 7, .kind = HelperRequestKind::kUndo}), 0);
  EXPECT_NE(run_shell("ip rule show pref 5").standard_output, "");
  EXPECT_EQ(run_shell("ip rule show pref 10").standard_output, "");
}

}  // namespace
}  // namespace tunrelay::test
