// SPDX-License-Identifier: MIT
// Ordinary programs across the tunnel, under settings of every kind: ping, iperf3 in all its
// modes, curl from nginx and from vsftpd, and an ssh session that outlives a stop of traffic.
// Each value of each setting meets each program; the relay's counters prove that the bytes
// which the programs report have crossed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/running_tunnel.hpp"
#include "support/tunnel_setting.hpp"

namespace tunrelay {
namespace {

using test::BackgroundProcess;
using test::ProcessResult;
using test::run;
using test::TunnelSetting;

constexpr std::chrono::seconds kStartLimit{10};
constexpr std::uint64_t kFileBytes = std::uint64_t{256} * 1024 * 1024;

const std::vector<TunnelSetting> kProgramSettings{
    {"tun", "policy", "uring", true, 1, false},
    {"tun", "policy", "syscall", true, 2, true},
    {"tap", "policy", "uring", false, 4, true},
    {"tap", "classic", "syscall", false, 1, false},
    {"tun", "classic", "uring", true, 4, true},
    {"tun", "namespaces", "syscall", false, 4, false},
    {"tap", "namespaces", "uring", true, 2, false},
};

class ProgramsTest : public test::PrivateNetwork,
                     public ::testing::WithParamInterface<TunnelSetting> {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    setting_ = GetParam();
    tunnel_.emplace(setting_.flags());
  }
  void TearDown() override {
    if (!tunnel_) return;
    const nlohmann::json summary = tunnel_->finish();
    EXPECT_TRUE(test::is_balanced(summary)) << summary.dump(1);
    EXPECT_TRUE(summary.at("path").at("proven")) << summary.dump(1);
  }

  [[nodiscard]] std::string url_host() const {
    return setting_.ipv6 ? "[" + setting_.address_b() + "]" : setting_.address_b();
  }
  static std::string write_file(const std::string& name, const std::string& text) {
    std::string path = "/run/programs/" + name;
    std::filesystem::create_directories("/run/programs");
    std::ofstream(path) << text;
    return path;
  }
  /// Until something listens at PORT of b's end.
  void wait_for_listener(BackgroundProcess& server, int port) const {
    const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
    const test::Command question = setting_.at_b("ss -H -l -n -t sport = :" + std::to_string(port));
    while (run(question).standard_output.empty()) {
      ASSERT_TRUE(server.is_running()) << server.wait().describe();
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing listens at " << port;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  TunnelSetting setting_;
  std::optional<test::RunningTunnel> tunnel_;
};

TEST_P(ProgramsTest, Ping) {
  const nlohmann::json before = tunnel_->counters();
  std::string from_a = "ping -n -c 10 -i 0.02 -W 1 ";
  std::string from_b = from_a;
  if (setting_.can_bind()) {
    from_a += "-I " + setting_.address_a() + " ";
    from_b += "-I " + setting_.address_b() + " ";
  }
  const ProcessResult to_b = run(setting_.at_a(from_a + setting_.address_b()));
  EXPECT_TRUE(to_b.succeeded()) << to_b.describe();
  const ProcessResult to_a = run(setting_.at_b(from_b + setting_.address_a()));
  EXPECT_TRUE(to_a.succeeded()) << to_a.describe();
  const ProcessResult large = run(setting_.at_a(from_a + "-s 9000 " + setting_.address_b()));
  EXPECT_TRUE(large.succeeded()) << "in fragments: " << large.describe();
  const nlohmann::json after = tunnel_->counters();
  for (const char* direction : {"a_to_b", "b_to_a"})
    EXPECT_GE(test::packets_of(after, direction, "read"),
              test::packets_of(before, direction, "read") + 20 + 10 * 7);
}

/// The bytes that iperf3 says the receiver has got.
std::uint64_t received_bytes(const nlohmann::json& end, const char* sum) {
  return end.contains(sum) ? end.at(sum).at("bytes").get<std::uint64_t>() : 0;
}

class Iperf3Test : public ProgramsTest {
 protected:
  /// Fills ANSWER with what the client at a says; the server is at b.
  void transfer(const std::string& mode, nlohmann::json& answer) {
    std::string server_text = "iperf3 -s -1 -p 5301";
    // Both ways at once it ends by time, since bytes may never come to their end (see below).
    const bool is_bidir = mode.find("--bidir") != std::string::npos;
    std::string client_text = fmt::format("iperf3 -J -p 5301 {} -c {} {}",
                                          is_bidir ? "-t 1" : "-n 20M", setting_.address_b(), mode);
    if (setting_.can_bind()) {
      server_text += " -B " + setting_.address_b();
      client_text += " -B " + setting_.address_a();
    }
    BackgroundProcess server(setting_.at_b(server_text));
    ASSERT_NO_FATAL_FAILURE(wait_for_listener(server, 5301));
    const ProcessResult client = run(setting_.at_a(client_text));
    answer = nlohmann::json::parse(client.standard_output, nullptr, false);
    ASSERT_FALSE(answer.is_discarded()) << client.describe();
    ASSERT_FALSE(answer.contains("error")) << answer.at("error");
  }

  /// Runs the client at a; the server is at b. AWAY and BACK: which way the bytes must have gone.
  void run_client(const std::string& mode, bool away, bool back) {
    SCOPED_TRACE("iperf3 " + mode);
    const nlohmann::json before = tunnel_->counters();
    nlohmann::json answer;
    ASSERT_NO_FATAL_FAILURE(transfer(mode, answer));
    // iperf3 takes connections in the order in which they were made for streams. They are flows of
    // several queues, whose order among each other nobody keeps: now and then both ends send in one
    // connection and nobody reads.
    const auto is_crossed = [&answer] {
      return received_bytes(answer.at("end"), "sum_received") == 0 &&
             received_bytes(answer.at("end"), "sum_received_bidir_reverse") == 0;
    };
    for (int more = 4; away && back && setting_.queues > 1 && is_crossed() && more > 0; --more)
      ASSERT_NO_FATAL_FAILURE(transfer(mode, answer));
    const nlohmann::json after = tunnel_->counters();
    const auto crossed = [&](const char* direction) {
      return test::bytes_read(after, direction) - test::bytes_read(before, direction);
    };
    const nlohmann::json& end = answer.at("end");
    if (away) {
      const bool reversed = end.at("sum_received").at("bytes") == 0;
      ASSERT_FALSE(reversed) << answer.dump();
      EXPECT_GE(crossed("a_to_b"), received_bytes(end, "sum_received"));
    }
    if (back) {
      const char* sum = away ? "sum_received_bidir_reverse" : "sum_received";
      ASSERT_GT(received_bytes(end, sum), 0U) << answer.dump();
      EXPECT_GE(crossed("b_to_a"), received_bytes(end, sum));
    }
    EXPECT_TRUE(after.at("path").at("proven")) << after.at("path").dump();
  }
};

TEST_P(Iperf3Test, AllModes) {
  run_client("-C cubic", true, false);
  run_client("-C cubic -R", false, true);
  run_client("-C cubic --bidir", true, true);
  run_client("-C cubic -P 4", true, false);
  run_client("-u -b 500M -l 1200", true, false);
}

/// Serves one file of random bytes at b, fetched at a.
class DownloadTest : public ProgramsTest {
 protected:
  void SetUp() override {
    ProgramsTest::SetUp();
    if (!tunnel_) return;
    std::filesystem::create_directories("/run/programs/www");
    std::filesystem::create_directories("/run/programs/empty");
    test::SeededRandom random;
    std::ofstream file("/run/programs/www/file", std::ios::binary);
    std::vector<std::uint64_t> part(1 << 17);
    for (std::uint64_t written = 0; written < kFileBytes;) {
      for (std::uint64_t& word : part) word = random.generator()();
      const std::size_t bytes = part.size() * sizeof part[0];
      file.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(bytes));
      written += bytes;
    }
    file.close();
    ASSERT_TRUE(file.good());
    ASSERT_EQ(std::filesystem::file_size("/run/programs/www/file"), kFileBytes);
    sum_ = test::output_of(test::split("sha256sum /run/programs/www/file")).substr(0, 64);
  }

  /// -g: curl would take an IPv6 address for a pattern.
  void expect_same_file(const std::string& url) {
    const nlohmann::json before = tunnel_->counters();
    const ProcessResult curl =
        run(setting_.at_a("curl -g -sS -f --noproxy * -o /run/programs/got " + url),
            std::chrono::seconds(60));
    ASSERT_TRUE(curl.succeeded()) << curl.describe();
    EXPECT_EQ(test::output_of(test::split("sha256sum /run/programs/got")).substr(0, 64), sum_);
    std::filesystem::remove("/run/programs/got");
    const nlohmann::json after = tunnel_->counters();
    EXPECT_GE(test::bytes_read(after, "b_to_a"), test::bytes_read(before, "b_to_a") + kFileBytes);
  }

  std::string sum_;
};

TEST_P(DownloadTest, FromNginx) {
  const std::string configuration = write_file(
      "nginx.conf",
      "daemon off; user root; worker_processes 1; pid /run/programs/nginx.pid;\n"
      "events { worker_connections 64; }\n"
      "http {\n  access_log off; sendfile on;\n"
      "  client_body_temp_path /run/programs/body; proxy_temp_path /run/programs/proxy;\n"
      "  fastcgi_temp_path /run/programs/fastcgi; uwsgi_temp_path /run/programs/uwsgi;\n"
      "  scgi_temp_path /run/programs/scgi;\n"
      "  server { listen " +
          (setting_.can_bind() ? url_host() : std::string(setting_.ipv6 ? "[::]" : "0.0.0.0")) +
          ":8180; root /run/programs/www; }\n}\n");
  BackgroundProcess nginx(setting_.at_b("nginx -e stderr -p /run/programs -c " + configuration));
  ASSERT_NO_FATAL_FAILURE(wait_for_listener(nginx, 8180));
  expect_same_file("http://" + url_host() + ":8180/file");
}

TEST_P(DownloadTest, FromVsftpd) {
  const std::string configuration = write_file(
      "vsftpd.conf",
      "listen=NO\nlisten_ipv6=YES\nlisten_port=2121\nbackground=NO\nanonymous_enable=YES\n"
      "local_enable=NO\nno_anon_password=YES\nanon_root=/run/programs/www\n"
      "secure_chroot_dir=/run/programs/empty\nisolate=NO\nisolate_network=NO\n"
      "seccomp_sandbox=NO\nxferlog_enable=NO\n");
  if (!setting_.can_bind())
    // It binds each data connection to the address that it was called at.
    std::ofstream("/proc/sys/net/ipv4/ip_nonlocal_bind") << 1;
  BackgroundProcess vsftpd(setting_.at_b("vsftpd " + configuration));
  ASSERT_NO_FATAL_FAILURE(wait_for_listener(vsftpd, 2121));
  expect_same_file("ftp://" + url_host() + ":2121/file");
}

class SessionTest : public ProgramsTest {
 protected:
  [[nodiscard]] BackgroundProcess start_server() const {
    std::filesystem::create_directories("/run/sshd");
    std::filesystem::create_directories("/run/programs");
    for (const char* key : {"key", "host"})
      test::output_of({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                       std::string("/run/programs/") + key});
    const std::string configuration = write_file(
        "sshd.conf",
        "Port 2222\nHostKey /run/programs/host\nAuthorizedKeysFile /run/programs/key.pub\n"
        "StrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n"
        "PidFile none\n");
    return BackgroundProcess(setting_.at_b("/usr/sbin/sshd -D -e -f " + configuration));
  }

  /// No packet crosses from stop() to resume(): the relay stands still, or a device is down.
  void stop(bool by_device) {
    if (by_device)
      test::output_of(setting_.at_b("ip link set " + setting_.type + "1 down"));
    else
      tunnel_->process().send_signal(SIGSTOP);
  }
  void resume(bool by_device) {
    if (by_device)
      test::output_of(setting_.at_b("ip link set " + setting_.type + "1 up"));
    else
      tunnel_->process().send_signal(SIGCONT);
  }

  /// The far side says a line every 50 ms until kEnough is there, so it does not matter how late a
  /// busy host lets this test stop the traffic.
  void session_outlives_a_stop(bool by_device) {
    BackgroundProcess server = start_server();
    ASSERT_NO_FATAL_FAILURE(wait_for_listener(server, 2222));
    test::Command command = setting_.at_a(
        "ssh -F none -i /run/programs/key -p 2222 -o StrictHostKeyChecking=no "
        "-o UserKnownHostsFile=/dev/null -o BatchMode=yes root@" +
        setting_.address_b());
    command.push_back(std::string("while [ ! -e ") + kEnough +
                      " ]; do i=$((i + 1)); echo line $i; sleep 0.05; done; echo end");
    std::filesystem::remove(kEnough);
    BackgroundProcess session(command);
    ASSERT_TRUE(session.wait_for_line("line 2", kStartLimit)) << session.wait().describe();

    stop(by_device);
    // What was under way has come, and then nothing comes for as long as it takes to say ten lines.
    std::string before;
    const auto is_still = [&] {
      before = session.standard_output();
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      return session.standard_output() == before;
    };
    EXPECT_TRUE(test::eventually(kStartLimit, is_still)) << "the session was not stopped";
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_EQ(session.standard_output(), before);
    resume(by_device);

    EXPECT_TRUE(test::eventually(kStartLimit,
                                 [&] { return session.standard_output().size() > before.size(); }));
    std::ofstream(kEnough).close();
    const ProcessResult result = session.wait(std::chrono::seconds(20));
    EXPECT_TRUE(result.succeeded()) << result.describe();
    std::string expected;
    for (int line = 1; expected.size() + std::strlen("end\n") < result.standard_output.size();
         ++line)
      expected += "line " + std::to_string(line) + "\n";
    EXPECT_EQ(result.standard_output, expected + "end\n");
    EXPECT_TRUE(tunnel_->counters().at("path").at("proven"));
  }

  static constexpr const char* kEnough = "/run/programs/enough";
};

TEST_P(SessionTest, OutlivesAStoppedRelay) {
  session_outlives_a_stop(false);
}
TEST_P(SessionTest, OutlivesADeviceThatWasDown) {
  session_outlives_a_stop(true);
}

INSTANTIATE_TEST_SUITE_P(, ProgramsTest, ::testing::ValuesIn(kProgramSettings), test::setting_name);
INSTANTIATE_TEST_SUITE_P(, Iperf3Test, ::testing::ValuesIn(kProgramSettings), test::setting_name);
INSTANTIATE_TEST_SUITE_P(, DownloadTest, ::testing::ValuesIn(kProgramSettings), test::setting_name);
INSTANTIATE_TEST_SUITE_P(, SessionTest, ::testing::ValuesIn(kProgramSettings), test::setting_name);

}  // namespace
}  // namespace tunrelay
