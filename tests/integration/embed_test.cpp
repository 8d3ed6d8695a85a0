// SPDX-License-Identifier: MIT
// libtunrelay: a tunnel held by the test itself, and the examples as users build them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>
#include <tunrelay/stage.hpp>
#include <tunrelay/tunnel.hpp>

#include "support/process.hpp"
#include "support/running_tunnel.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay {
namespace {

using namespace std::chrono_literals;
using test::split;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class EmbedTest : public test::UnchangedNetwork {};

bool ping_crosses(const std::string& more = "") {
  return test::run(split("ping -n -c 1 -W 1 " + more + " 192.168.13.2")).succeeded();
}

/// Drops what the test says, and reports how many frames came.
class Gate : public plugin::Endpoint {
 public:
  struct Board {
    std::atomic<std::uint64_t> frames{0};
    std::atomic<bool> open{true};
  };

  using Endpoint::Endpoint;
  void from_device(std::span<plugin::Frame> frames, std::int64_t /*now_ns*/) override {
    auto& board = *static_cast<Board*>(site().context);
    board.frames += frames.size();
    if (board.open) return pass_all(frames);
    for (plugin::Frame& frame : frames) frame.drop("closed");
  }
};

constexpr tunrelay_stage_descriptor kGate =
    plugin::describe<Gate>("gate", plugin::Access::kLooksAtWireSegments, plugin::Pairs::kEachQueue);

TEST_F(EmbedTest, ATunnelWithAStageOfTheProgramAndNothingStays) {
  for (const char* strategy : test::kStrategies) {
    if (std::string(strategy) == "namespaces") continue;  // the next test's
    Gate::Board board;
    embed::Tunnel tunnel(
        {.options = {{"strategy", strategy}, {"queues", "1"}}, .stages = {{kGate, {}, &board}}});
    EXPECT_TRUE(ping_crosses());
    EXPECT_GE(board.frames, 2U);
    board.open = false;
    EXPECT_FALSE(ping_crosses());
    EXPECT_TRUE(tunnel.check_path()) << "probes go around the stage";
    EXPECT_EQ(nlohmann::json::parse(tunnel.report_json()).at("event"), "counters");
    tunnel.stop();
    const auto summary = nlohmann::json::parse(tunnel.report_json());
    EXPECT_EQ(summary.at("event"), "summary");
    EXPECT_EQ(summary.at("strategy"), strategy);
    EXPECT_TRUE(test::is_balanced(summary));
    EXPECT_EQ(summary.at("stages").at(0).at("library"), "built in");
    EXPECT_GE(summary.at("stages").at(0).at("a").at("dropped").at("closed"), 1);
    EXPECT_THAT(tunnel.report_text(), HasSubstr("stage     gate (built in)"));
    EXPECT_TRUE(test::same_network_state(before_, test::network_state()));
  }
}

TEST_F(EmbedTest, EndsInNamedNamespaces) {
  {
    embed::Tunnel tunnel({.options = {{"strategy", "namespaces"}, {"netns-a", "left"}}});
    EXPECT_TRUE(test::run(split("ip netns exec left ping -n -c 1 -W 1 fd13::2")).succeeded());
  }
  EXPECT_TRUE(test::same_network_state(before_, test::network_state()));
}

TEST_F(EmbedTest, TheLinkIsChangedUnderWayOrStaysAsItWas) {
  embed::Tunnel tunnel({.options = {{"b-to-a", "mtu 1300"}}});
  tunnel.change_link("mtu 1000", nullptr);
  EXPECT_FALSE(ping_crosses("-s 1100"));
  EXPECT_TRUE(ping_crosses("-s 900"));
  try {
    tunnel.change_link("dely 3ms", "");
    FAIL() << "it was taken";
  } catch (const embed::Failure& failure) {
    EXPECT_EQ(failure.kind(), embed::FailureKind::kUsage);
    EXPECT_THAT(failure.what(), HasSubstr("'dely' is not a stage"));
  }
  const auto link = nlohmann::json::parse(tunnel.report_json()).at("link");
  EXPECT_EQ(link.at("a_to_b").at(0).at("stage"), "mtu 1000");
  EXPECT_EQ(link.at("b_to_a").at(0).at("stage"), "mtu 1300");
  tunnel.change_link("", "");
  EXPECT_TRUE(ping_crosses("-s 1400"));
}

TEST_F(EmbedTest, TheProgramsProcessIsNotMadeAnotherUsers) {
  embed::Setup setup;
  setup.options = {{"user", "61234:61235"}};
  try {
    const embed::Tunnel tunnel(setup);
    FAIL() << "it was taken";
  } catch (const embed::Failure& failure) {
    EXPECT_EQ(failure.kind(), embed::FailureKind::kUsage);
    EXPECT_THAT(failure.what(), HasSubstr("have the program change its own user"));
  }
}

TEST_F(EmbedTest, AttendReportsAndRepairsUntilItsDeadline) {
  std::vector<std::string> events;
  embed::Setup setup;
  setup.on_event = [&events](std::string_view kind, std::string_view text) {
    events.push_back(std::string(kind) + ": " + std::string(text));
  };
  embed::Tunnel tunnel(setup);
  ASSERT_TRUE(test::run(split("ip rule del pref 10 iif tun0")).succeeded());
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(tunnel.attend_for(300ms), embed::Reason::kDeadline);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 300ms);
  EXPECT_THAT(events, Contains(StartsWith("repaired: ")));
  EXPECT_TRUE(ping_crosses());
  ASSERT_TRUE(test::run(split("ip link del tun1")).succeeded());
  EXPECT_EQ(tunnel.attend_for(10s), embed::Reason::kGone);
  EXPECT_THAT(events, Contains(StartsWith("gone: ")));
}

TEST_F(EmbedTest, AnyThreadStopsItAndAStoppedOneSaysSo) {
  embed::Tunnel tunnel({});
  std::thread other([&tunnel] {
    std::this_thread::sleep_for(50ms);
    tunnel.request_stop();
  });
  EXPECT_EQ(tunnel.attend(), embed::Reason::kStopRequested);
  other.join();
  EXPECT_EQ(tunnel.attend(), embed::Reason::kStopRequested) << "a request stays";
  tunnel.stop();
  tunnel.stop();
  EXPECT_EQ(tunnel.fd(), -1);
  EXPECT_THROW(tunnel.attend(), embed::Failure);
  EXPECT_THROW(tunnel.check_path(), embed::Failure);
  EXPECT_THROW(tunnel.change_link("", ""), embed::Failure);
}

embed::Tunnel* signalled_tunnel = nullptr;
std::atomic<pid_t> signalled_thread = 0;

TEST_F(EmbedTest, SignalsStayTheProgramsAndComeToNoThreadOfTheRelay) {
  embed::Tunnel tunnel({});
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGALRM})
    EXPECT_EQ(::sigismember(&mask, signal), 0) << signal;
  std::size_t workers = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.starts_with("relay-")) continue;
    ++workers;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigBlk:")) {
        const std::uint64_t blocked = std::stoull(line.substr(7), nullptr, 16);
        for (const int signal : {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGPIPE})
          EXPECT_NE(blocked >> (signal - 1) & 1, 0U) << signal;
        EXPECT_EQ(blocked >> (SIGSEGV - 1) & 1, 0U);
      }
  }
  EXPECT_GE(workers, 1U);
  signalled_tunnel = &tunnel;
  const auto former = std::signal(SIGALRM, [](int) {
    signalled_thread = ::gettid();
    signalled_tunnel->request_stop();
  });
  constexpr itimerval kSoon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 50'000}};
  ::setitimer(ITIMER_REAL, &kSoon, nullptr);
  EXPECT_EQ(tunnel.attend_for(10s), embed::Reason::kStopRequested);
  EXPECT_EQ(signalled_thread, ::getpid());
  std::signal(SIGALRM, former);
}

TEST_F(EmbedTest, WithoutAJanitorOtherThreadsMayRunAndNoChildIsThere) {
  std::atomic<bool> done = false;
  std::thread other([&done] { done.wait(false); });
  {
    embed::Tunnel tunnel({.janitor = false});
    EXPECT_TRUE(ping_crosses());
    EXPECT_THAT(test::run_shell("cat /proc/" + std::to_string(::getpid()) + "/task/" +
                                std::to_string(::getpid()) + "/children; pgrep -P " +
                                std::to_string(::getpid()) + " tunrelay-janito || true")
                    .standard_output,
                ::testing::Not(HasSubstr("\n")));
  }
  done = true;
  done.notify_all();
  other.join();
  EXPECT_TRUE(test::same_network_state(before_, test::network_state()));
}

TEST_F(EmbedTest, AThreadOfItsOwnHasAPrivateNetworkAndTheOthersStay) {
  const auto netns = [] { return std::filesystem::read_symlink("/proc/thread-self/ns/net"); };
  const auto here = netns();
  // Two at once, by the boundary itself: the header for C++ has no name for it.
  std::vector<std::filesystem::path> there(2);
  std::vector<std::thread> threads;
  for (auto& place : there)
    threads.emplace_back([&place, &netns] {
      tunrelay_tunnel_setup setup{};
      setup.abi_version = TUNRELAY_TUNNEL_ABI_VERSION;
      setup.flags = TUNRELAY_PRIVATE_NETWORK | TUNRELAY_PRIVATE_THREAD;
      tunrelay_tunnel* tunnel = nullptr;
      ASSERT_EQ(tunrelay_tunnel_open(&setup, &tunnel), TUNRELAY_DONE) << tunrelay_failure_text();
      place = netns();
      EXPECT_TRUE(ping_crosses());
      tunrelay_tunnel_close(tunnel);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(netns(), here);
  EXPECT_NE(there[0], here);
  EXPECT_NE(there[0], there[1]);
  EXPECT_EQ(tunrelay_enter_user_namespace(), TUNRELAY_DONE) << "nothing, for root";
}

TEST_F(EmbedTest, ARequestIsAnsweredAsAtTheManagementSocket) {
  tunrelay_tunnel_setup setup{};
  setup.abi_version = TUNRELAY_TUNNEL_ABI_VERSION;
  tunrelay_tunnel* tunnel = nullptr;
  ASSERT_EQ(tunrelay_tunnel_open(&setup, &tunnel), TUNRELAY_DONE) << tunrelay_failure_text();
  const char* answer = nullptr;
  EXPECT_EQ(tunrelay_tunnel_request(tunnel, R"({"method": "set", "a_to_b": "loss 1%", "seed": 7})",
                                    -1, &answer),
            TUNRELAY_DONE);
  EXPECT_EQ(nlohmann::json::parse(answer).at("link").at("seed"), 7);
  for (const char* wrong : {"", "{}", "[]", R"({"method": 5})", R"({"method": "dance"})",
                            R"({"method": "set", "seed": "x"})", R"({"method": "capture_start"})"})
    EXPECT_NE(tunrelay_tunnel_request(tunnel, wrong, -1, &answer), TUNRELAY_DONE) << wrong;
  EXPECT_TRUE(ping_crosses());
  tunrelay_tunnel_close(tunnel);
}

TEST_F(EmbedTest, ItsDescriptorWakesALoopOfTheProgramsOwn) {
  embed::Tunnel tunnel({.options = {{"control", "/run/embed.sock"}}});
  pollfd heard{.fd = tunnel.fd(), .events = POLLIN, .revents = 0};
  std::string answer;
  std::atomic<bool> answered = false;
  std::thread client([&] {
    answer = test::run({TUNRELAY_PROGRAM, "link", "set", "--control", "/run/embed.sock", "--a-to-b",
                        "mtu 1000"})
                 .describe();
    answered = true;
  });
  while (!answered && ::poll(&heard, 1, 1'000) == 1)
    EXPECT_EQ(tunnel.attend_until(0), embed::Reason::kDeadline);
  client.join();
  EXPECT_TRUE(answered) << "it was readable at least twice a second";
  EXPECT_THAT(answer, HasSubstr("mtu 1000"));
}

TEST_F(EmbedTest, TheExampleInFourBuilds) {
  for (const char* name :
       {"embed", "embed_static", "embed-pkg-config", "embed-pkg-config-static"}) {
    const test::ProcessResult result = test::run(
        {std::string(TUNRELAY_EXAMPLES "/") + name, "engine=syscall", "a-to-b=delay 1ms"});
    ASSERT_TRUE(result.succeeded()) << name << ": " << result.describe();
    EXPECT_THAT(result.standard_output, StartsWith("4000000 bytes have arrived"));
    EXPECT_THAT(result.standard_output, HasSubstr("stage     watch (built in)"));
    EXPECT_THAT(result.standard_output, HasSubstr("path      proven"));
  }
  const test::ProcessResult refused = test::run({TUNRELAY_EXAMPLES "/embed", "cpus=x"});
  EXPECT_EQ(refused.exit_code, TUNRELAY_USAGE) << refused.describe();
  EXPECT_TRUE(test::same_network_state(before_, test::network_state()));
}

TEST_F(EmbedTest, AProgramInCIsRefusedByItsVersion) {
  const test::ProcessResult result = test::run({TUNRELAY_EXAMPLES "/plain"});
  EXPECT_EQ(result.exit_code, TUNRELAY_USAGE);
  EXPECT_THAT(result.standard_output, StartsWith("version 0."));
  EXPECT_THAT(result.standard_output, HasSubstr("built for version 99"));
}

TEST_F(EmbedTest, TheSharedLibrarySaysItsFunctionsAndNothingElse) {
  EXPECT_THAT(test::output_of({"sh", "-c",
                               "nm -D --defined-only " TUNRELAY_LIBRARY
                               " | awk '$2 != \"A\" { print $3 }' | grep -v '^tunrelay_' || true"}),
              IsEmpty());
  EXPECT_THAT(test::output_of({"readelf", "-d", TUNRELAY_LIBRARY}),
              HasSubstr("soname: [libtunrelay.so.0]"));
}

}  // namespace
}  // namespace tunrelay
