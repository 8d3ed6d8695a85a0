// SPDX-License-Identifier: MIT
// The article as a test: two TUN devices of one host, joined in user space, and what has to be
// done to the host's routing, step by step, until a ping between them crosses. Then the same
// through the strategy `policy`, which needs none of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "device/device.hpp"
#include "relay/relay.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/running_tunnel.hpp"
#include "support/sockets.hpp"

namespace tunrelay {
namespace {

using test::run;
using test::split;

constexpr const char* kFirst = "192.168.13.1";
constexpr const char* kSecond = "192.168.13.2";

void write_sysctl(const std::string& path, const std::string& value) {
  std::ofstream file("/proc/sys/" + path);
  file << value;
  file.close();
  ASSERT_TRUE(file.good()) << path;
}

void run_ip(const std::string& arguments) {
  const test::ProcessResult result = run(split("ip " + arguments));
  ASSERT_TRUE(result.succeeded()) << "ip " << arguments << ": " << result.describe();
}

/// tcpdump on one device, from here on.
class PacketWatch {
 public:
  explicit PacketWatch(const std::string& device)
      : process_(split("tcpdump -Z root --immediate-mode -l -n -i " + device + " icmp")) {
    if (!process_.wait_for_line("listening on", std::chrono::seconds(10)))
      ADD_FAILURE() << "tcpdump: " << process_.standard_error();
  }
  /// The lines so far that contain WORDS, once that there are COUNT or a while has passed.
  std::size_t lines_with(const std::string& text, std::size_t count) {
    std::size_t found = 0;
    test::eventually(test::kPatience, [&] {
      found = 0;
      const std::string output = process_.standard_output();
      for (std::size_t at = 0; (at = output.find(text, at)) != std::string::npos; ++at) ++found;
      return found >= count;
    });
    return found;
  }

 private:
  test::BackgroundProcess process_;
};

constexpr const char* kRequest = "192.168.13.1 > 192.168.13.2: ICMP echo request";
constexpr const char* kReply = "192.168.13.2 > 192.168.13.1: ICMP echo reply";

/// The two devices and their relay, without our routing: that is what the test does by hand.
class ArticleTest : public test::PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    write_sysctl("net/ipv4/conf/all/rp_filter", "0");
    write_sysctl("net/ipv4/conf/default/rp_filter", "0");
    // Router solicitations of IPv6 would be counted among what crosses.
    write_sysctl("net/ipv6/conf/default/disable_ipv6", "1");
    a_ = std::make_unique<Device>(Device::open({.name = "tun0"}));
    b_ = std::make_unique<Device>(Device::open({.name = "tun1"}));
    RelayConfig config;
    config.queue_pairs.push_back({a_->queue_fd(0), b_->queue_fd(0)});
    if (!probe_uring().available) config.engine.kind = EngineKind::kSyscall;
    relay_ = std::make_unique<Relay>(config);
    relay_->start();
    run_ip("address add 192.168.13.1 peer 192.168.13.2 dev tun0");
    run_ip("address add 192.168.13.2 peer 192.168.13.1 dev tun1");
    run_ip("link set tun0 up");
    run_ip("link set tun1 up");
  }
  void TearDown() override {
    if (relay_) relay_->stop();
  }

  /// One echo request to the second address. Whether it was answered.
  static bool ping_answers() {
    const test::ProcessResult result = run(split("ping -n -c 1 -W 1 192.168.13.2"));
    return result.succeeded();
  }
  /// The packets that the relay has read in DIRECTION since the last question.
  std::uint64_t newly_read(Direction direction) {
    const std::uint64_t now = relay_->counts(direction).read.packets;
    std::uint64_t& before = read_.at(index_of(direction));
    return now - std::exchange(before, now);
  }
  static void delete_local_routes() {
    run_ip("route del local 192.168.13.1 dev tun0 table local");
    run_ip("route del local 192.168.13.2 dev tun1 table local");
  }
  static void add_local_routes_to_table_13() {
    run_ip("route add local 192.168.13.1 dev tun0 table 13");
    run_ip("route add local 192.168.13.2 dev tun1 table 13");
  }

 private:
  std::unique_ptr<Device> a_;
  std::unique_ptr<Device> b_;
  std::unique_ptr<Relay> relay_;
  std::array<std::uint64_t, kDirections> read_{};
};

TEST_F(ArticleTest, EachStepShowsWhatTheArticleSaw) {
  // The kernel answers over lo; the devices see nothing.
  EXPECT_TRUE(ping_answers());
  EXPECT_EQ(newly_read(Direction::kAToB), 0U);
  EXPECT_EQ(newly_read(Direction::kBToA), 0U);

  // Nobody is home any more: the request crosses, and the kernel behind tun1 drops it.
  delete_local_routes();
  EXPECT_FALSE(ping_answers());
  EXPECT_EQ(newly_read(Direction::kAToB), 1U);
  EXPECT_EQ(newly_read(Direction::kBToA), 0U);

  // What arrives by tun1 is delivered and answered; what arrives by tun0 is not.
  add_local_routes_to_table_13();
  run_ip("rule add iif tun1 lookup 13");
  {
    PacketWatch on_a("tun0");
    PacketWatch on_b("tun1");
    EXPECT_FALSE(ping_answers());
    EXPECT_EQ(newly_read(Direction::kAToB), 1U);
    EXPECT_EQ(newly_read(Direction::kBToA), 1U);
    for (PacketWatch* watch : {&on_a, &on_b}) {
      EXPECT_EQ(watch->lines_with(kRequest, 1), 1U);
      EXPECT_EQ(watch->lines_with(kReply, 1), 1U);
    }
  }

  run_ip("rule add iif tun0 lookup 13");
  PacketWatch on_a("tun0");
  PacketWatch on_b("tun1");
  EXPECT_TRUE(ping_answers());
  EXPECT_EQ(newly_read(Direction::kAToB), 1U);
  EXPECT_EQ(newly_read(Direction::kBToA), 1U);
  for (PacketWatch* watch : {&on_a, &on_b}) {
    EXPECT_EQ(watch->lines_with(kRequest, 1), 1U);
    EXPECT_EQ(watch->lines_with(kReply, 1), 1U);
  }
  // The price of the article's way.
  EXPECT_THROW(test::bound_socket(kFirst, SOCK_DGRAM), std::system_error);
}

TEST_F(ArticleTest, WithoutRequestsNothingCrosses) {
  delete_local_routes();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(newly_read(Direction::kAToB), 0U) << "the counts above would mean little";
  EXPECT_EQ(newly_read(Direction::kBToA), 0U);
}

class ArticleByPolicyTest : public test::PrivateNetwork {};

TEST_F(ArticleByPolicyTest, PingCrossesAndBothAddressesCanBeBound) {
  test::RunningTunnel tunnel("--strategy policy");
  PacketWatch on_a("tun0");
  PacketWatch on_b("tun1");
  const nlohmann::json before = tunnel.counters();
  EXPECT_TRUE(run(split("ping -n -c 3 -i 0.2 -W 1 192.168.13.2")).succeeded());
  for (PacketWatch* watch : {&on_a, &on_b}) {
    EXPECT_EQ(watch->lines_with(kRequest, 3), 3U);
    EXPECT_EQ(watch->lines_with(kReply, 3), 3U);
  }
  const nlohmann::json after = tunnel.counters();
  for (const char* direction : {"a_to_b", "b_to_a"})
    EXPECT_GE(test::packets_of(after, direction, "read"),
              test::packets_of(before, direction, "read") + 3);
  for (const char* address : {kFirst, kSecond, "fd13::1", "fd13::2"})
    for (const int type : {SOCK_DGRAM, SOCK_STREAM})
      EXPECT_NO_THROW(test::bound_socket(address, type)) << address;
  EXPECT_TRUE(test::is_balanced(tunnel.finish()));
}

TEST_F(ArticleByPolicyTest, PingCrossesFromEitherAddress) {
  test::RunningTunnel tunnel("--strategy policy");
  PacketWatch on_a("tun0");
  EXPECT_TRUE(run(split("ping -n -c 1 -W 1 -I 192.168.13.2 192.168.13.1")).succeeded());
  EXPECT_EQ(on_a.lines_with("192.168.13.2 > 192.168.13.1: ICMP echo request", 1), 1U);
  EXPECT_TRUE(run(split("ping -n -c 1 -W 1 -I 192.168.13.1 192.168.13.2")).succeeded());
  EXPECT_EQ(on_a.lines_with(kRequest, 1), 1U);
}

}  // namespace
}  // namespace tunrelay
