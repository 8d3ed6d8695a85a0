// SPDX-License-Identifier: MIT
// A relay answers those who look at it while it waits for something else: for a probe of its path
// that is lost, or for the reader of its record, of a log or of what it prints.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "os/file_descriptor.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::RunningTunnel;

/// A lost probe is waited for up to a second; a few lines of JSON take milliseconds.
constexpr milliseconds kAnswerLimit{800};

/// The longest of the answers that come one after the other within TIME.
milliseconds longest_answer(milliseconds time) {
  ControlClient relay(find_control(""));
  milliseconds longest{0};
  for (const auto end = steady_clock::now() + time; steady_clock::now() < end;) {
    const auto begin = steady_clock::now();
    relay.call({{"method", "interval"}, {"flows", 5}});
    relay.call({{"method", "show"}});
    longest =
        std::max(longest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin));
  }
  return longest;
}

class MainLoopTest : public test::PrivateNetwork {
 protected:
  static void close_path() {
    test::output_of({"sh", "-ec",
                     "nft add table inet closed\n"
                     "nft 'add chain inet closed in { type filter hook input priority 0; policy "
                     "drop; }'"});
  }
};

TEST_F(MainLoopTest, AnswersWhileThePathIsProvenAfterAChange) {
  RunningTunnel tunnel("--path-check-interval 0");
  close_path();
  test::output_of(test::split("ip link set tun0 mtu 1400"));
  EXPECT_LT(longest_answer(milliseconds{2'500}), kAnswerLimit);
  EXPECT_TRUE(tunnel.wait_for_event("broken", "a firewall may drop it", test::kPatience));
  test::output_of(test::split("nft delete table inet closed"));
  test::output_of(test::split("ip link set tun0 mtu 1500"));
  EXPECT_TRUE(tunnel.wait_for_event("repaired", "The path is whole again", test::kPatience));
  tunnel.finish();
}

TEST_F(MainLoopTest, AnswersWhileThePathIsCheckedOnRequest) {
  RunningTunnel tunnel("--path-check-interval 0");
  close_path();
  tunnel.process().send_signal(SIGUSR1);
  EXPECT_LT(longest_answer(milliseconds{2'000}), kAnswerLimit);
  ASSERT_TRUE(test::eventually(test::kPatience,
                               [&tunnel] { return tunnel.count_events("counters") == 1; }));
  EXPECT_FALSE(tunnel.last_event("counters").at("path").at("proven").get<bool>())
      << "what the check has found";
  tunnel.finish();
}

TEST_F(MainLoopTest, AnswersWhileNobodyReadsTheRecord) {
  const test::TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), S_IRUSR | S_IWUSR), 0);
  const FileDescriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  RunningTunnel tunnel("--record-interval 1ms --record " + pipe);
  EXPECT_LT(longest_answer(milliseconds{2'500}), kAnswerLimit);
  EXPECT_TRUE(tunnel.wait_for_event("note", "could not be written", test::kPatience));
  tunnel.finish();
}

TEST_F(MainLoopTest, AnswersWhileNobodyReadsMahimahisLog) {
  const test::TemporaryFolder folder;
  const std::string prefix = folder / "log";
  std::vector<FileDescriptor> readers;
  for (const char* ending : {".uplink", ".downlink"}) {
    const std::string pipe = prefix + ending;
    ASSERT_EQ(::mkfifo(pipe.c_str(), S_IRUSR | S_IWUSR), 0);
    readers.emplace_back(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_GT(::fcntl(readers.back().get(), F_SETPIPE_SZ, 4096), 0);
  }
  RunningTunnel tunnel("--link lte --mahimahi-log " + prefix);
  EXPECT_LT(longest_answer(milliseconds{2'500}), kAnswerLimit);
  EXPECT_TRUE(tunnel.wait_for_event("note", "mahimahi's log has ended", test::kPatience));
  tunnel.finish();
}

/// `tunrelay run --json` whose standard output goes to a pipe that only a test's own words read.
class UnreadOutputTest : public test::PrivateNetwork {
 protected:
  void SetUp() override {
    test::PrivateNetwork::SetUp();
    ASSERT_EQ(::mkfifo(kPipe, S_IRUSR | S_IWUSR), 0);
    reader_ = FileDescriptor(::open(kPipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    constexpr int kPage = 4096;
    ASSERT_EQ(::fcntl(reader_.get(), F_SETPIPE_SZ, kPage), kPage);
    process_.emplace(
        test::Command{"sh", "-c", "exec \"$0\" run --json > /run/events", test::program()});
    ASSERT_TRUE(reads("{\"event\":\"ready\""));
  }
  /// Whether TEXT comes, which is read together with what stands before it.
  bool reads(const std::string& text) {
    std::string output;
    return test::eventually(test::kPatience, [&] {
      std::array<char, 65'536> part{};
      const ssize_t count = ::read(reader_.get(), part.data(), part.size());
      if (count > 0) output.append(part.data(), static_cast<std::size_t>(count));
      return output.find(text) != std::string::npos;
    });
  }

  static constexpr const char* kPipe = "/run/events";
  std::optional<test::BackgroundProcess> process_;

 private:
  FileDescriptor reader_;
};

TEST_F(UnreadOutputTest, TheTunnelIsLookedAfterAndAnswers) {
  for (int change = 0; change < 100; ++change)  // each makes an event of about a hundred bytes
    test::output_of(test::split("ip link set tun0 mtu " + std::to_string(1'400 + change)));
  EXPECT_LT(longest_answer(milliseconds{500}), kAnswerLimit);
  test::output_of(test::split("ip link set tun0 down"));
  test::output_of(test::split("ip link set tun0 up"));
  EXPECT_TRUE(test::eventually(test::kPatience, [] {
    return test::run(test::split("ping -n -q -c 1 -W 1 192.168.13.2")).succeeded();
  })) << "its routes are put back";
  EXPECT_TRUE(reads("The MTU of tun0 is now 1499 bytes")) << "what was kept is printed";
}

TEST_F(UnreadOutputTest, WhatIsTooMuchIsCounted) {
  ControlClient relay(find_control(""));
  constexpr int kChecks = 700;  // an answer with counters is longer than 2 KiB
  EXPECT_TRUE(test::eventually(std::chrono::seconds{60}, [&] {
    process_->send_signal(SIGUSR1);
    return relay.call({{"method", "show"}}).at("report").at("path").at("checks") > kChecks;
  }));
  EXPECT_TRUE(reads("Nobody read what was printed; "));
  EXPECT_TRUE(test::run(test::split("ping -n -q -c 1 -W 1 192.168.13.2")).succeeded());
}

TEST_F(UnreadOutputTest, TheHostIsRestoredAtOnceAtTheEnd) {
  for (int change = 0; change < 100; ++change)
    test::output_of(test::split("ip link set tun0 mtu " + std::to_string(1'400 + change)));
  process_->send_signal(SIGTERM);
  EXPECT_TRUE(test::eventually(std::chrono::seconds{3}, [] {
    return !test::run(test::split("ip link show tun0")).succeeded();
  }));
  EXPECT_EQ(process_->wait().exit_code, 0);
}

}  // namespace
}  // namespace tunrelay
