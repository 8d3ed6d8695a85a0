// SPDX-License-Identifier: MIT
// What `run`, `exec` and `doctor` say and answer: lines, JSON, exit codes, environment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "support/network_state.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"

namespace tunrelay {
namespace {

using test::Command;
using test::ProcessResult;
using test::run;
using test::split;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kReadyLimit{20};

ProcessResult tunrelay(const std::string& arguments) {
  Command command{test::program()};
  for (std::string& word : split(arguments)) command.push_back(std::move(word));
  return run(command);
}

/// `exec FLAGS -- sh -c SCRIPT`
ProcessResult exec_script(const std::string& flags, const std::string& script) {
  Command command{test::program(), "exec"};
  for (std::string& word : split(flags)) command.push_back(std::move(word));
  for (const char* word : {"--", "sh", "-c"}) command.emplace_back(word);
  command.push_back(script);
  return run(command);
}

class RunOutputTest : public test::PrivateNetwork {
 protected:
  static std::string write_file(const std::string& name, const std::string& text) {
    std::string path = "/run/" + name;
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(RunOutputTest, TheFirstLineSaysReadyAndTheLastWhatWasDone) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string before = test::network_state();
    test::BackgroundProcess process({test::program(), "run"});
    const auto ready = process.wait_for_line("ready", kReadyLimit);
    ASSERT_TRUE(ready) << process.wait().describe();
    EXPECT_THAT(process.standard_output(), StartsWith("ready"));
    EXPECT_THAT(*ready, HasSubstr("tun0 192.168.13.1 fd13::1 <-> tun1 192.168.13.2 fd13::2"));
    EXPECT_TRUE(run(split("ping -n -c 1 -W 1 192.168.13.2")).succeeded());
    process.send_signal(signal);
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_THAT(result.standard_output, HasSubstr("\ntunrelay: tun0 <-> tun1 for "));
    EXPECT_THAT(result.standard_output, HasSubstr("path      proven: 4 of 4 probes tun0 -> tun1"));
    EXPECT_EQ(result.standard_error, "");
    EXPECT_TRUE(test::same_network_state(before, test::network_state()));
  }
}

TEST_F(RunOutputTest, JsonIsOneObjectALine) {
  test::RunningTunnel tunnel("");
  EXPECT_TRUE(tunnel.ready().at("path").at("proven"));
  ASSERT_TRUE(run(split("ping -n -c 5 -i 0.01 -s 100 192.168.13.2")).succeeded());
  const nlohmann::json counters = tunnel.counters();
  EXPECT_GE(counters.at("path").at("checks"), 2) << "SIGUSR1 checks the path again";
  const nlohmann::json summary = tunnel.finish();
  std::vector<std::string> names;
  std::istringstream lines(tunnel.process().standard_output());
  for (std::string line; std::getline(lines, line);)
    names.push_back(nlohmann::json::parse(line).at("event"));
  EXPECT_EQ(names, (std::vector<std::string>{"ready", "counters", "summary"}));
  for (const char* direction : {"a_to_b", "b_to_a"}) {
    EXPECT_GE(test::packets_of(counters, direction, "read"), 5U);
    EXPECT_GE(test::packets_of(summary, direction, "read"),
              test::packets_of(counters, direction, "read"));
    EXPECT_GE(test::bytes_read(summary, direction), 5U * 128);
    EXPECT_TRUE(summary.at(direction).at("balanced"));
  }
}

TEST_F(RunOutputTest, EveryPacketReadIsAccountedFor) {
  // Above the smaller MTU the relay drops, and says so.
  test::RunningTunnel tunnel("--queues 2");
  test::output_of(split("ip link set tun1 mtu 1400"));
  ASSERT_TRUE(tunnel.wait_for_event("note", "MTUs differ", test::kPatience));
  run(split("ping -n -c 3 -i 0.1 -W 1 -s 1450 -I tun0 192.168.13.2"));
  EXPECT_TRUE(run(split("ping -n -c 3 -i 0.1 -W 1 -s 1000 192.168.13.2")).succeeded());
  const nlohmann::json summary = tunnel.finish();
  EXPECT_TRUE(test::is_balanced(summary));
  const nlohmann::json& dropped = summary.at("a_to_b").at("dropped");
  ASSERT_TRUE(dropped.contains("over_mtu")) << summary.dump(1);
  EXPECT_EQ(dropped.at("over_mtu").at("packets"), 3);
  EXPECT_EQ(dropped.at("over_mtu").at("segments"), 3);
  EXPECT_EQ(dropped.at("over_mtu").at("bytes"), 3 * 1478);
}

TEST_F(RunOutputTest, ExecReturnsTheCommandsCode) {
  EXPECT_EQ(exec_script("", "exit 0").exit_code, 0);
  EXPECT_EQ(exec_script("", "exit 7").exit_code, 7);
  EXPECT_EQ(exec_script("", "kill -TERM $$").exit_code, 128 + SIGTERM);
  const ProcessResult missing = run({test::program(), "exec", "--", "no-such-program"});
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_THAT(missing.standard_error, HasSubstr("no-such-program"));
}

TEST_F(RunOutputTest, ExecPassesSignalsOn) {
  test::BackgroundProcess process({test::program(), "exec", "--", "sh", "-c",
                                   ("trap 'exit 9' TERM; echo waiting; "
                                    "while :; do sleep 0.01; done")});
  ASSERT_TRUE(process.wait_for_line("waiting", kReadyLimit));
  process.send_signal(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 9);
}

TEST_F(RunOutputTest, ExecLeavesNothingBehind) {
  const std::string before = test::network_state();
  // One in a session of its own, one whose parent is gone; each prints its number.
  const ProcessResult result = exec_script(
      "-q", "setsid sleep 98761 >/dev/null 2>&1 & echo $!; (sleep 98762 >/dev/null & echo $!)");
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.standard_error, "");
  std::istringstream pids(result.standard_output);
  int checked = 0;
  for (std::string pid; pids >> pid; ++checked) {
    std::ifstream file("/proc/" + pid + "/cmdline");
    std::string command_line;
    std::getline(file, command_line);
    EXPECT_EQ(command_line.find("9876"), std::string::npos) << pid << " is still there";
  }
  EXPECT_EQ(checked, 2);
  EXPECT_TRUE(test::same_network_state(before, test::network_state()));
}

TEST_F(RunOutputTest, ExecInformsTheCommandAboutTheTunnel) {
  const ProcessResult result = exec_script("-q", "env | grep ^TUNRELAY_ | sort");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (const char* line :
       {"TUNRELAY_A_DEVICE=tun0\n", "TUNRELAY_A_ADDRESS=192.168.13.1\n",
        "TUNRELAY_A_ADDRESS6=fd13::1\n", "TUNRELAY_A_NETNS=\n", "TUNRELAY_B_DEVICE=tun1\n",
        "TUNRELAY_B_ADDRESS=192.168.13.2\n", "TUNRELAY_B_ADDRESS6=fd13::2\n"})
    EXPECT_THAT(result.standard_output, HasSubstr(line));
}

TEST_F(RunOutputTest, ExecRunsTheCommandBetweenTheEnds) {
  const ProcessResult result = exec_script("--json --summary-file /run/summary.json",
                                           "ping -n -c 3 -i 0.05 -W 1 $TUNRELAY_B_ADDRESS && "
                                           "ping -n -c 3 -i 0.05 -W 1 $TUNRELAY_A_ADDRESS6");
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const auto summary = nlohmann::json::parse(result.standard_error);
  std::ifstream file("/run/summary.json");
  EXPECT_EQ(summary, nlohmann::json::parse(file));
  EXPECT_EQ(summary.at("event"), "summary");
  for (const char* direction : {"a_to_b", "b_to_a"})
    EXPECT_GE(test::packets_of(summary, direction, "read"), 6U);
  EXPECT_TRUE(test::is_balanced(summary));
  EXPECT_TRUE(summary.at("path").at("proven"));
  EXPECT_EQ(summary.at("path").at("checks"), 2) << "at the start and behind the command";
}

TEST_F(RunOutputTest, DryRunChangesNothing) {
  const std::string before = test::network_state();
  for (const char* strategy : {"policy", "classic", "namespaces"}) {
    const ProcessResult result = tunrelay(std::string("run --dry-run --strategy ") + strategy);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_THAT(result.standard_output, HasSubstr("ip tuntap add tun0 mode tun"));
    EXPECT_THAT(result.standard_output, HasSubstr("ip "));
  }
  const ProcessResult json = tunrelay("exec --dry-run --json -- true");
  EXPECT_EQ(nlohmann::json::parse(json.standard_output).at("event"), "plan");
  EXPECT_TRUE(test::same_network_state(before, test::network_state()));
  EXPECT_FALSE(std::filesystem::exists("/run/tunrelay")) << "no journal either";
  EXPECT_TRUE(std::filesystem::is_empty("/run"));
}

TEST_F(RunOutputTest, AFileGivesFlagsAndFlagsWin) {
  const std::string file = write_file("tunnel.toml",
                                      "type = \"tap\"\nqueues = 2\nengine = \"syscall\"\n"
                                      "address-a = [\"10.9.8.1/24\"]\n"
                                      "address-b = [\"10.9.8.2/24\"]\n");
  test::RunningTunnel tunnel("--config " + file + " --queues 3");
  const nlohmann::json& ready = tunnel.ready();
  EXPECT_EQ(ready.at("engine"), "syscall");
  EXPECT_EQ(ready.at("queues"), 3);
  EXPECT_EQ(ready.at("a").at("type"), "tap");
  EXPECT_EQ(ready.at("b").at("addresses"), nlohmann::json::array({"10.9.8.2/24"}));
  EXPECT_TRUE(run(split("ping -n -c 1 -W 1 10.9.8.2")).succeeded());
  tunnel.finish();
}

TEST_F(RunOutputTest, UsageErrorsExitWith2AndNameTheFault) {
  const std::string broken = write_file("broken.toml", "queues = = 2\n");
  const std::string unknown = write_file("unknown.toml", "qeues = 2\n");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"run --no-such-flag", "--no-such-flag"},
      {"run --type tunnel", "--type"},
      {"run --strategy none", "--strategy"},
      {"run --engine epoll", "--engine"},
      {"run --offload maybe", "--offload"},
      {"run --queues many", "--queues"},
      {"run --queues 0", "--queues"},
      {"run --mtu 67", "67"},
      {"run --busy-poll soon", "soon"},
      {"run --cpus x", "x"},
      {"run --address-a 300.1.1.1/24", "300.1.1.1"},
      {"run --device-a name-of-16-chars", "name-of-16-chars"},
      {"run --config " + broken, "broken.toml:1:"},
      {"run --config " + unknown, "--qeues"},
      {"run --config /run/no-such.toml", "no-such.toml"},
      {"exec", "no command"},
      {"fly", "fly"},
      {"", "subcommand"},
  };
  for (const auto& [arguments, named] : cases) {
    const ProcessResult result = tunrelay(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments << ": " << result.describe();
    EXPECT_THAT(result.standard_error, HasSubstr(named)) << arguments;
    EXPECT_EQ(result.standard_output, "") << arguments;
  }
}

TEST_F(RunOutputTest, DoctorNamesEachCheck) {
  const std::string before = test::network_state();
  const ProcessResult json = tunrelay("doctor --json");
  EXPECT_EQ(json.exit_code, 0) << json.describe();
  const auto answer = nlohmann::json::parse(json.standard_output);
  EXPECT_EQ(answer.at("event"), "doctor");
  ASSERT_GE(answer.at("checks").size(), 3U);
  for (const nlohmann::json& check : answer.at("checks")) {
    EXPECT_THAT((std::vector<std::string>{"good", "warning"}),
                ::testing::Contains(check.at("verdict").get<std::string>()))
        << check.dump();
    EXPECT_FALSE(check.at("finding").get<std::string>().empty()) << check.dump();
  }
  for (const char* name : {"io_uring", "trial tunnel", "offloads", "merging"})
    EXPECT_TRUE(std::any_of(answer.at("checks").begin(), answer.at("checks").end(),
                            [name](const auto& check) { return check.at("name") == name; }))
        << name;
  EXPECT_THAT(tunrelay("doctor").standard_output, HasSubstr("trial tunnel"));
  EXPECT_TRUE(test::same_network_state(before, test::network_state()));
}

}  // namespace
}  // namespace tunrelay
