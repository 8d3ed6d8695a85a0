// SPDX-License-Identifier: MIT
// The janitor restores the network when the tunnel is killed, and only then. Root.
#include "route/helper/janitor.hpp"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "os/process.hpp"
#include "os/text_file.hpp"
#include "route_network.hpp"

namespace tunrelay::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Waits for it, as long as a loaded machine may need.
template <typename Condition>
bool eventually(const Condition& condition, milliseconds time_limit = milliseconds(5000)) {
  const auto deadline = Clock::now() + time_limit;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

bool has_ended(pid_t pid) {
  const std::string status =
      read_text_file("/proc/" + std::to_string(pid) + "/status").value_or("");
  return status.empty() || status.find("State:\tZ") != std::string::npos;
}

/// Never to process groups, nor to everybody: those have numbers below 1.
void send_signal(pid_t pid, int signal) {
  ASSERT_GT(pid, 1);
  EXPECT_EQ(::kill(pid, signal), 0);
}

/// A tunnel in a process of its own: janitor, journal, plan; then it waits to be killed.
struct TunnelProcess {
  pid_t pid = -1;
  pid_t janitor = -1;
};

class JanitorTest : public RouteNetwork {
 protected:
  void SetUp() override {
    RouteNetwork::SetUp();
    // Janitors whose tunnel is dead become ours, so that none is left when the test ends.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }

  template <typename Ending>
  TunnelProcess start_tunnel(Strategy strategy, const Ending& ending) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    TunnelProcess tunnel;
    tunnel.pid = ::fork();
    if (tunnel.pid == 0) {
      Janitor janitor({.journal_directory = kJournalDirectory, .instance = "test"});
      auto applied = apply(request_for({strategy, Families::kBoth, false}));
      const pid_t pid = janitor.pid();
      [[maybe_unused]] const ssize_t written = ::write(ends[1], &pid, sizeof pid);
      ending(janitor, *applied);
      ::_exit(0);
    }
    EXPECT_EQ(::read(ends[0], &tunnel.janitor, sizeof tunnel.janitor),
              static_cast<ssize_t>(sizeof tunnel.janitor));
    ::close(ends[0]);
    ::close(ends[1]);
    return tunnel;
  }
};

TEST_F(JanitorTest, RestoresAfterSigkillAndEnds) {
  for (const Strategy strategy : {Strategy::kPolicy, Strategy::kClassic, Strategy::kNamespaces}) {
    const HostState before = read_host_state();
    const TunnelProcess tunnel = start_tunnel(strategy, [](Janitor&, AppliedPlan&) { ::pause(); });
    ASSERT_FALSE(differences(before, read_host_state()).empty());
    const auto killed = Clock::now();
    send_signal(tunnel.pid, SIGKILL);
    EXPECT_TRUE(eventually([] { return std::filesystem::is_empty(kJournalDirectory); }));
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - killed);
    EXPECT_THAT(differences(before, read_host_state()), ::testing::IsEmpty());
    EXPECT_TRUE(eventually([&] { return has_ended(tunnel.janitor); }));
    RecordProperty(to_string(strategy) + "_restored_ms", static_cast<int>(took.count()));
    std::printf("%s: restored after %d ms\n", to_string(strategy).c_str(),
                static_cast<int>(took.count()));
    ::waitpid(tunnel.pid, nullptr, 0);
    ::waitpid(tunnel.janitor, nullptr, 0);
  }
}

TEST_F(JanitorTest, IsDeafToWhatEndsTheTunnelAndHasLeftItsSession) {
  const HostState before = read_host_state();
  const TunnelProcess tunnel =
      start_tunnel(Strategy::kPolicy, [](Janitor&, AppliedPlan&) { ::pause(); });
  // A signal that comes before the janitor is ready counts as little as a later one.
  send_signal(tunnel.janitor, SIGINT);
  EXPECT_TRUE(eventually([&] {
    const auto fds =
        std::filesystem::directory_iterator("/proc/" + std::to_string(tunnel.janitor) + "/fd");
    return std::distance(begin(fds), end(fds)) == 5;  // the standard ones, pidfd, bell
  }));
  EXPECT_NE(::getsid(tunnel.janitor), ::getsid(tunnel.pid));
  EXPECT_EQ(read_text_file("/proc/" + std::to_string(tunnel.janitor) + "/comm"), "tunrelay-janito");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    send_signal(tunnel.janitor, signal);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(has_ended(tunnel.janitor));
  send_signal(tunnel.pid, SIGABRT);
  EXPECT_TRUE(eventually([&] { return has_ended(tunnel.janitor); }));
  EXPECT_THAT(differences(before, read_host_state()), ::testing::IsEmpty());
  ::waitpid(tunnel.pid, nullptr, 0);
  ::waitpid(tunnel.janitor, nullptr, 0);
}

TEST_F(JanitorTest, EndsAtOnceWhenItIsDismissed) {
  const TunnelProcess tunnel =
      start_tunnel(Strategy::kPolicy, [](Janitor& janitor, AppliedPlan& applied) {
        const pid_t pid = janitor.pid();
        if (!applied.undo().empty()) ::_exit(1);
        janitor.dismiss();
        if (!has_ended(pid)) ::_exit(2);
      });
  int status = 0;
  ::waitpid(tunnel.pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(has_ended(tunnel.janitor));
}

TEST_F(JanitorTest, ATunnelThatEndsWithoutUndoingIsRestoredToo) {
  const HostState before = read_host_state();
  const TunnelProcess tunnel = start_tunnel(Strategy::kPolicy, [](Janitor&, AppliedPlan&) {});
  EXPECT_TRUE(eventually([&] { return has_ended(tunnel.janitor); }));
  EXPECT_THAT(differences(before, read_host_state()), ::testing::IsEmpty());
  ::waitpid(tunnel.pid, nullptr, 0);
  ::waitpid(tunnel.janitor, nullptr, 0);
}

TEST_F(JanitorTest, EmptiesAPrivateNamespace) {
  // A process of the namespace, one that is not, and a tunnel that dies.
  const pid_t inside = ::fork();
  if (inside == 0) {
    ::pause();
    ::_exit(0);
  }
  const pid_t tunnel = ::fork();
  if (tunnel == 0) {
    // The test itself lives here too; it must not be killed: a further namespace.
    const ProcessNamespaces left = own_namespaces();
    if (::unshare(CLONE_NEWNET) != 0) ::_exit(1);
    const pid_t victim = ::fork();
    if (victim == 0) {
      ::setsid();
      ::pause();
      ::_exit(0);
    }
    const Janitor janitor({.left_namespaces = left});
    std::ofstream("/run/pids") << victim << " " << janitor.pid() << std::endl;
    ::raise(SIGKILL);
  }
  ::waitpid(tunnel, nullptr, 0);
  pid_t victim = 0;
  pid_t janitor = 0;
  std::ifstream("/run/pids") >> victim >> janitor;
  ASSERT_GT(victim, 0);
  EXPECT_TRUE(eventually([&] { return has_ended(victim); }));
  EXPECT_TRUE(eventually([&] { return has_ended(janitor); }));
  EXPECT_FALSE(has_ended(inside));
  send_signal(inside, SIGKILL);
  ::waitpid(inside, nullptr, 0);
  ::waitpid(victim, nullptr, 0);
  ::waitpid(janitor, nullptr, 0);
}

}  // namespace
}  // namespace tunrelay::test
