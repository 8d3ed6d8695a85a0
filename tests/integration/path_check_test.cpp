// SPDX-License-Identifier: MIT
// "The path is whole" is said when it is, and never when it is not.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "os/file_descriptor.hpp"
#include "support/network_state.hpp"
#include "support/process.hpp"
#include "support/tunnel_process.hpp"
#include "support/unchanged_network.hpp"

namespace tunrelay::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

/// Another program's relay: two plain TUN devices, and a thread that copies packets between them.
class PlainRelay {
 public:
  PlainRelay() : a_(open("tun0")), b_(open("tun1")), thread_([this] { copy(); }) {}
  ~PlainRelay() {
    stopping_ = true;
    thread_.join();
  }
  PlainRelay(const PlainRelay&) = delete;
  PlainRelay& operator=(const PlainRelay&) = delete;

  /// While true, packets are thrown away.
  std::atomic<bool> drops{false};

 private:
  static FileDescriptor open(const char* name) {
    FileDescriptor tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (::ioctl(tun.get(), TUNSETIFF, &request) < 0)
      throw std::system_error(errno, std::generic_category(), name);
    return tun;
  }
  void copy() {
    constexpr int kLookMs = 20;
    std::array<pollfd, 2> waits{{{.fd = a_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = b_.get(), .events = POLLIN, .revents = 0}}};
    std::array<char, 65536> packet{};
    while (!stopping_) {
      ::poll(waits.data(), waits.size(), kLookMs);
      for (const auto& [from, to] : {std::pair{&a_, &b_}, std::pair{&b_, &a_}}) {
        const ssize_t bytes = ::read(from->get(), packet.data(), packet.size());
        if (bytes <= 0 || drops) continue;
        [[maybe_unused]] const ssize_t written =
            ::write(to->get(), packet.data(), static_cast<std::size_t>(bytes));
      }
    }
  }

  FileDescriptor a_;
  FileDescriptor b_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class PathCheckTest : public UnchangedNetwork {
 protected:
  static ProcessResult check(const std::string& flags = "") {
    return run(split(program() + " routes check " + flags));
  }
  static void expect_broken(const std::string& finding) {
    const ProcessResult result = check();
    EXPECT_EQ(result.exit_code, 1) << result.describe();
    EXPECT_THAT(result.standard_output,
                AllOf(HasSubstr("The path is BROKEN."), HasSubstr(finding)));
  }
  static void expect_whole(const std::string& flags = "") {
    const ProcessResult result = check(flags);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_THAT(result.standard_output, HasSubstr("The path is whole."));
  }
  static void must(const std::string& script) {
    const ProcessResult result = run_shell(script);
    ASSERT_TRUE(result.succeeded()) << result.describe();
  }
};

TEST_F(PathCheckTest, JudgesAnotherProgramsDevices) {
  prepare("for n in 0 1; do ip tuntap add tun$n mode tun; done");
  for (const char* strategy : {"policy", "classic"}) {
    const std::string flags = std::string("--strategy ") + strategy;
    PlainRelay relay;
    must(
        "for n in 0 1; do ip link set tun$n up; ip addr add 192.168.13.$((n+1))/24 dev tun$n; "
        "ip addr add fd13::$((n+1))/64 dev tun$n nodad; done");
    const ProcessResult before = check(flags);
    EXPECT_EQ(before.exit_code, 1) << "all of it goes over lo: " << before.describe();
    must(program() + " routes apply " + flags);
    expect_whole(flags);
    relay.drops = true;
    const ProcessResult dropped = check(flags);
    EXPECT_EQ(dropped.exit_code, 1) << dropped.describe();
    EXPECT_THAT(dropped.standard_output, HasSubstr("the relay dropped it or does not run"));
    relay.drops = false;
    expect_whole(flags);
    must(program() + " routes remove " + flags);
    must("for n in 0 1; do ip addr flush dev tun$n; ip link set tun$n down; done");
  }
}

TEST_F(PathCheckTest, SeesWhatBreaksTheTablesOfARunningTunnel) {
  prepare("ip rule add pref 500 lookup main");
  TunnelProcess tunnel;
  ASSERT_TRUE(tunnel.wait_until_ready());
  const ProcessResult whole = check();
  EXPECT_EQ(whole.exit_code, 0) << whole.describe();
  must("ip rule add pref 1 to 192.168.13.2 lookup local");
  expect_broken("192.168.13.2 leaves by lo, not by tun0");
  must("ip rule del pref 1");
  must("ip rule add pref 1 iif tun1 blackhole");
  expect_broken("arrives on tun1");
  must("ip rule del pref 1");
  must("ip link set tun1 down");
  expect_broken("The interface tun1 is down.");
  EXPECT_EQ(tunnel.stop().exit_code, 0);
  EXPECT_TRUE(restored_within(milliseconds{0}, before_));
}

TEST_F(PathCheckTest, EveryAnswerIsALineOfJson) {
  const auto answer = [](const char* action) {
    const ProcessResult result = run(split(program() + " routes " + action + " --json"));
    EXPECT_EQ(result.standard_error, "");
    return nlohmann::json::parse(result.standard_output);
  };
  prepare("for n in 0 1; do ip tuntap add tun$n mode tun; done");
  const PlainRelay relay;
  const nlohmann::json applied = answer("apply");
  EXPECT_EQ(applied.at("event"), "applied");
  EXPECT_EQ(applied.at("name"), "tun0-tun1");
  EXPECT_THAT(applied.at("commands").get<std::vector<std::string>>(),
              Contains("ip rule add pref 12 from all lookup local protocol 213"));
  const nlohmann::json whole = answer("check");
  EXPECT_TRUE(whole.at("whole"));
  EXPECT_EQ(whole.at("findings"), nlohmann::json::array());
  EXPECT_EQ(whole.at("probes").size(), 4U);
  must("ip link set tun1 down");
  const nlohmann::json broken = answer("check");
  EXPECT_FALSE(broken.at("whole"));
  EXPECT_EQ(broken.at("probes"), nlohmann::json::array());
  EXPECT_EQ(broken.at("findings").at(0), nlohmann::json({{"direction", "a_to_b"},
                                                         {"target", "192.168.13.2"},
                                                         {"text", "The interface tun1 is down."}}));
  const nlohmann::json removed = answer("remove");
  EXPECT_EQ(removed.at("event"), "removed");
  EXPECT_EQ(removed.at("restored"), nlohmann::json({"tun0-tun1"}));
  EXPECT_EQ(removed.at("left"), nlohmann::json::array());
  EXPECT_EQ(answer("remove").at("restored"), nlohmann::json::array());
}

TEST_F(PathCheckTest, SaysThatThereIsNoDevice) {
  expect_broken("There is no interface tun0.");
}

/// Each is a rule set in the way; the start must refuse, say what it found and change nothing.
TEST_F(PathCheckTest, AStartWithoutProofFails) {
  for (const char* obstacle : {"pref 0 to 192.168.13.2 lookup local", "pref 0 iif tun1 blackhole",
                               "pref 0 to 192.168.13.0/24 prohibit"}) {
    prepare(std::string("ip rule add ") + obstacle);
    const ProcessResult result = run({program(), "run"});
    EXPECT_EQ(result.exit_code, 3) << obstacle << result.describe();
    EXPECT_EQ(result.standard_output, "");
    EXPECT_THAT(result.standard_error, AllOf(HasSubstr("could not prove the path of tun0 <-> tun1"),
                                             HasSubstr("192.168.13."), HasSubstr("hint: ")));
    EXPECT_TRUE(restored_within(milliseconds{2'000}, before_)) << obstacle;
    prepare(std::string("ip rule del ") + obstacle);
  }
}

TEST_F(PathCheckTest, AForwardingHostMakesNoLoop) {
  prepare(
      "echo 1 > /proc/sys/net/ipv4/ip_forward\n"
      "echo 1 > /proc/sys/net/ipv4/conf/all/accept_local\n"
      "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
  for (const char* strategy : {"policy", "classic"}) {
    TunnelProcess tunnel(std::string("--strategy ") + strategy);
    ASSERT_TRUE(tunnel.wait_until_ready());
    const auto packets = [&tunnel](const char* lane) {
      return tunnel.counters().at(lane).at("read").at("packets").get<int>();
    };
    // A look costs some probes of its own; two looks show how many.
    const int first = packets("a_to_b") + packets("b_to_a");
    const int second = packets("a_to_b") + packets("b_to_a");
    const int pings = 20;
    run(split("ping -q -c 20 -i 0.01 -W 1 192.168.13.77"));
    run(split("ping -q -c 20 -i 0.01 -W 1 fd13::77"));
    const int third = packets("a_to_b") + packets("b_to_a");
    const int crossings = (third - second) - (second - first);
    EXPECT_GE(crossings, pings) << "they did not cross at all";
    EXPECT_LE(crossings, 2 * pings + 10) << "IPv6 adds some neighbour talk";
    EXPECT_EQ(tunnel.stop().exit_code, 0);
    EXPECT_TRUE(restored_within(milliseconds{0}, before_));
  }
}

}  // namespace
}  // namespace tunrelay::test
