// SPDX-License-Identifier: MIT
// Who may use the control socket of a running relay sends nonsense, passes descriptors that nobody
// wants, and names files that are not theirs: the relay opens none of those, stays, and ends with a
// signal, whatever was sent.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/unix_socket.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/random.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using Request = nlohmann::json;
using test::ProcessResult;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSocket = "/run/abused.sock";
constexpr const char* kUseSocket = "--control-socket /run/abused.sock";

class ControlAbuseTest : public test::PrivateNetwork {};

std::size_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// A connection that sends what it likes.
class Client {
 public:
  Client() {
    EXPECT_EQ(connect_unix_socket(socket_, kSocket), 0);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  /// The answer to LINE, sent together with COUNT descriptors; empty when the relay hung up.
  [[nodiscard]] std::string call(std::string line, std::size_t count = 0) const {
    line += '\n';
    std::vector<int> passed(count, null_.get());
    std::array<char, 2048> room{};
    iovec piece{.iov_base = line.data(), .iov_len = line.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (count != 0) {
      message.msg_control = room.data();
      message.msg_controllen = CMSG_SPACE(count * sizeof(int));
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(count * sizeof(int));
      std::memcpy(CMSG_DATA(header), passed.data(), count * sizeof(int));
    }
    ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    std::string answer;
    errno = 0;
    for (char byte = 0; ::recv(socket_.get(), &byte, 1, 0) == 1 && byte != '\n';) answer += byte;
    EXPECT_NE(errno, EAGAIN) << "no answer to " << line;
    return answer;
  }

 private:
  FileDescriptor socket_ = make_unix_socket();
  FileDescriptor null_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

/// Anything, near to what is understood.
std::string random_request(test::SeededRandom& random) {
  const std::vector<std::string> doings{"show",           "set",           "capture_start",
                                        "capture_report", "stop",          "capture_stop",
                                        "record_start",   "record_report", "record_stop",
                                        "interval",       "\xff\xfe",      ""};
  const std::vector<Request> values{nullptr,
                                    -1,
                                    1e300,
                                    "x",
                                    "delay 1ms",
                                    "trace /run/pipe",
                                    Request::array({1, -1, "x"}),
                                    Request::object(),
                                    true,
                                    std::string(60'000, ','),
                                    "mtu 1400, mtu 1300",
                                    "delay 1ms 1ms table x"};
  const std::vector<std::string> keys{"a_to_b",     "b_to_a",        "seed",
                                      "file_bytes", "filter",        "file",
                                      "snap_bytes", "wire_segments", "interval_ns"};
  if (random.chance(0.1)) {
    std::string bytes(random.between(0, 300), ' ');
    for (char& byte : bytes) byte = static_cast<char>(random.between(11, 255));
    return bytes;
  }
  Request request{{"method", doings[random.between(0, doings.size() - 1)]}};
  for (std::size_t count = random.between(0, 4); count != 0; --count)
    request[keys[random.between(0, keys.size() - 1)]] =
        values[random.between(0, values.size() - 1)];
  return request.dump(-1, ' ', false, Request::error_handler_t::ignore);
}

TEST_F(ControlAbuseTest, ARecordGoesToNothingThatCouldMakeItWait) {
  test::RunningTunnel tunnel(kUseSocket);
  EXPECT_NE(Client().call(R"({"method":"record_start"})", 1).find("not a regular file"),
            std::string::npos);
  EXPECT_EQ(tunnel.finish().at("record"), nullptr);
}

TEST_F(ControlAbuseTest, NoRequestEndsItOrLeavesADescriptor) {
  ASSERT_EQ(::mkfifo("/run/pipe", 0600), 0);
  test::RunningTunnel tunnel(kUseSocket);
  const pid_t relay = tunnel.process().pid();
  const Client passing;
  ASSERT_NE(passing.call(R"({"method":"show"})"), "");
  const std::size_t before = descriptors_of(relay);  // with that of `passing`
  test::SeededRandom random;
  for (int request = 0; request < 500; ++request) {
    const std::string text = random_request(random);
    static_cast<void>(Client().call(text, random.chance(0.2) ? 1 : 0));
    ASSERT_TRUE(tunnel.process().is_running()) << "after " << text;
  }
  for (int message = 0; message < 50; ++message)
    EXPECT_THAT(passing.call(R"({"method":"show"})", static_cast<std::size_t>(2 + message % 5)),
                HasSubstr("\"version\""));
  EXPECT_THAT(Client().call(R"({"method":"set","a_to_b":"trace /run/pipe"})"), HasSubstr("error"));
  EXPECT_NE(Client().call(R"({"method":"set","a_to_b":"","b_to_a":""})"), "");
  EXPECT_TRUE(
      test::eventually(std::chrono::seconds(5), [&] { return descriptors_of(relay) == before; }))
      << descriptors_of(relay) << " and before " << before;
  EXPECT_TRUE(test::run(test::split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  EXPECT_TRUE(tunnel.stop(SIGTERM).succeeded());
}

TEST_F(ControlAbuseTest, ASignalEndsItBehindAnyRequest) {
  ASSERT_EQ(::mkfifo("/run/pipe", 0600), 0);
  test::SeededRandom random;
  for (std::size_t request = 0; request < test::scaled(10); ++request) {
    test::RunningTunnel tunnel(kUseSocket);
    const std::string text = random_request(random);
    const Client client;
    // Without a newline the relay waits for the rest; a client that stays does not keep it either.
    static_cast<void>(client.call(text, random.chance(0.3) ? random.between(1, 3) : 0));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(tunnel.stop(SIGTERM).succeeded()) << "after " << text;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3)) << text;
  }
}

TEST_F(ControlAbuseTest, NoFileThatARequestNamesIsOpened) {
  const test::TemporaryFolder folder;
  const std::string secret = folder.write("secret", "root:hash\n");
  test::RunningTunnel tunnel(kUseSocket);
  for (const std::string& stage :
       {"trace " + secret, "steps " + secret, "delay 1ms 1ms table " + secret}) {
    for (const Request& more :
         {Request::object(), Request{{"file_bytes", {10}}}, Request{{"file_bytes", {10, 10}}}}) {
      Request request{{"method", "set"}, {"a_to_b", stage}};
      request.update(more);
      for (const std::size_t count : {0U, 1U, 2U}) {
        const std::string answer = Client().call(request.dump(), count);
        EXPECT_THAT(answer, HasSubstr("\"exit_code\":2"));
        EXPECT_THAT(answer, Not(HasSubstr("hash")));
      }
    }
  }
}

TEST_F(ControlAbuseTest, WhatWouldTakeLongOrMuchMemoryIsRefusedAtOnce) {
  test::RunningTunnel tunnel(kUseSocket);
  std::string filter = "udp port 1";
  for (int port = 2; port < 1000; ++port) filter += " or udp port " + std::to_string(port);
  std::string stages = "mtu 1400";
  for (int stage = 0; stage < 64; ++stage) stages += ", mtu 1400";
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& text : {"mtu 1400 if \"" + filter + "\"", stages})
    EXPECT_THAT(Client().call(Request{{"method", "set"}, {"a_to_b", text}}.dump()),
                HasSubstr("\"exit_code\":2"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(ControlAbuseTest, TheClientsFileIsReadByTheClient) {
  test::RunningTunnel tunnel(kUseSocket);
  // The file is where the client alone can see it, and gone afterwards.
  const ProcessResult set = test::run({"unshare", "-m", "sh", "-euc",
                                       "mount -t tmpfs none /mnt; echo 5 >/mnt/t; cd /mnt; exec " +
                                           test::program() + " link set " + kUseSocket +
                                           " --a-to-b 'trace t, delay 1ms' --b-to-a 'trace t'"});
  ASSERT_TRUE(set.succeeded()) << set.describe();
  EXPECT_THAT(set.standard_output, HasSubstr("a_to_b  trace /mnt/t, delay 1ms\n"));
  // What is not named stays, with what its file held.
  const ProcessResult other = test::run(
      {test::program(), "link", "set", "--control-socket", kSocket, "--b-to-a", "mtu 1400"});
  ASSERT_TRUE(other.succeeded()) << other.describe();
  EXPECT_THAT(other.standard_output, HasSubstr("a_to_b  trace /mnt/t, delay 1ms\n"));
  EXPECT_TRUE(test::run(test::split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  const ProcessResult bad = test::run_shell("echo nonsense >/run/t; " + test::program() +
                                            " link set " + kUseSocket + " --a-to-b 'trace /run/t'");
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.standard_error, HasSubstr("/run/t:1: 'nonsense' is not a time"));
}

TEST_F(ControlAbuseTest, WaitingForAPipeHoldsUpTheClientAloneUntilASignal) {
  ASSERT_EQ(::mkfifo("/run/pipe", 0600), 0);
  test::RunningTunnel tunnel(kUseSocket);
  test::BackgroundProcess client(
      {test::program(), "link", "set", "--control-socket", kSocket, "--a-to-b", "trace /run/pipe"});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(client.is_running());
  EXPECT_NE(Client().call(R"({"method":"show"})"), "");
  client.send_signal(SIGTERM);
  EXPECT_EQ(client.wait(std::chrono::seconds(5)).exit_code, 128 + SIGTERM);
  EXPECT_TRUE(tunnel.stop(SIGTERM).succeeded());
}

TEST_F(ControlAbuseTest, ASignalEndsEveryWaitForAPipesOtherEnd) {
  ASSERT_EQ(::mkfifo("/run/pipe", 0600), 0);
  const std::string link = "/run/pipe";
  const std::vector<test::Command> commands{
      {test::program(), "run", "--capture", link},
      {test::program(), "run", "--a-to-b", "trace " + link},
      {test::program(), "run", "--config", link},
      {test::program(), "exec", "-q", "--summary-file", link, "--", "true"},
      {test::program(), "replay", link, "/run/out.pcapng"},
      {test::program(), "report", link}};
  for (const test::Command& command : commands) {
    test::BackgroundProcess waiting(command);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_TRUE(waiting.is_running()) << command[1] << command[2];
    waiting.send_signal(SIGTERM);
    const ProcessResult result = waiting.wait(std::chrono::seconds(10));
    EXPECT_FALSE(result.timed_out) << command[1] << command[2];
    EXPECT_NE(result.exit_code, 0);
  }
  EXPECT_TRUE(test::run(test::split("ip link show tun0")).exit_code != 0) << "nothing is left";
}

TEST_F(ControlAbuseTest, ASignalEndsWhatPrintsForAReaderThatHasStopped) {
  // Each report has some 2 KiB, and a pipe holds 64 KiB.
  const ProcessResult result =
      test::run_shell("mkfifo /run/pipe; sleep 60 </run/pipe & sleeper=$!; " + test::program() +
                          " run --json >/run/pipe & tunnel=$!; sleep 2; "
                          "for report in $(seq 60); do kill -USR1 $tunnel; sleep 0.05; done; "
                          "kill -TERM $tunnel; wait $tunnel; kill $sleeper",
                      std::chrono::seconds(60));
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

TEST_F(ControlAbuseTest, WithoutDescriptorsLeftItGoesOn) {
  test::RunningTunnel tunnel(kUseSocket);
  const pid_t relay = tunnel.process().pid();
  ASSERT_NE(Client().call(R"({"method":"show"})"), "");
  rlimit former{};
  ASSERT_EQ(::prlimit(relay, RLIMIT_NOFILE, nullptr, &former), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = former.rlim_max};
  ASSERT_EQ(::prlimit(relay, RLIMIT_NOFILE, &none, nullptr), 0);
  test::BackgroundProcess client({test::program(), "link", "show", "--control-socket", kSocket});
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_TRUE(tunnel.process().is_running());
  EXPECT_TRUE(test::run(test::split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
  ASSERT_EQ(::prlimit(relay, RLIMIT_NOFILE, &former, nullptr), 0);
  EXPECT_TRUE(client.wait(std::chrono::seconds(8)).succeeded());
  EXPECT_TRUE(tunnel.stop(SIGTERM).succeeded());
}

}  // namespace
}  // namespace tunrelay
