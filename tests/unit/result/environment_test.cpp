// SPDX-License-Identifier: MIT
// What a result says of the machine: read from copies of /proc and /sys of many kinds of machine,
// and on this one beside what other programs say.
#include "result/environment.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>

#include "result/sha256.hpp"
#include "result/virtualization.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// A machine that has nothing yet.
class EnvironmentTest : public ::testing::Test {
 protected:
  json described() const { return describe_environment(machine_.path()); }
  std::string virtualization() const { return detect_virtualization(machine_.path()); }
  void has(const std::string& file, const std::string& text) const { machine_.write(file, text); }

  TemporaryFolder machine_;
};

TEST_F(EnvironmentTest, OfAServer) {
  has("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  has("proc/cpuinfo",
      "processor\t: 0\ncpu family\t: 25\nmodel name\t: AMD EPYC 7763 64-Core Processor\n"
      "flags\t\t: fpu vme\n\nprocessor\t: 1\nmodel name\t: another\n");
  has("proc/meminfo", "MemTotal:       24684084 kB\nMemFree: 1 kB\n");
  has("proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8\n");
  has("sys/devices/system/cpu/online", "0-127\n");
  has("sys/devices/system/node/online", "0-1\n");
  has("sys/devices/system/cpu/smt/active", "1\n");
  has("sys/devices/system/cpu/cpufreq/boost", "0\n");
  has("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "performance\n");
  has("sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "performance\n");
  has("sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n");
  has("sys/devices/system/cpu/vulnerabilities/spectre_v1", "Mitigation: usercopy\n");
  has("proc/cmdline", "quiet isolcpus=2-3 -- init-flag secret\n");
  has("proc/loadavg", "0.10 0.20 0.30 1/200 12345\n");
  has("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  has("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
  has("proc/sys/net/ipv4/tcp_congestion_control", "cubic\n");
  has("proc/sys/net/core/default_qdisc", "fq_codel\n");
  has("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
  has("proc/sys/net/core/busy_poll", "50\n");
  has("proc/sys/kernel/randomize_va_space", "2\n");
  has("proc/sys/kernel/sched_rt_runtime_us", "-1\n");
  has("etc/machine-id", "b08dfa6083e7567a1921a715000001fb\n");

  const json environment = described();
  EXPECT_EQ(environment["kernel"], "6.1.0-18-amd64");
  EXPECT_EQ(environment["processor"], "AMD EPYC 7763 64-Core Processor");
  EXPECT_EQ(environment["memory_bytes"], 24684084LL * 1024);
  EXPECT_EQ(environment["cpus"], 5);
  EXPECT_EQ(environment["cpus_online"], 128);
  EXPECT_EQ(environment["numa_nodes"], 2);
  EXPECT_EQ(environment["smt"], true);
  EXPECT_EQ(environment["boost"], false);
  EXPECT_EQ(environment["governor"], "performance");
  EXPECT_EQ(environment["mitigations"], json({{"spectre_v1", "Mitigation: usercopy"}}));
  EXPECT_EQ(environment["cmdline"], "quiet isolcpus=2-3");
  EXPECT_EQ(environment["virtual"], "none");
  EXPECT_EQ(environment["load_average"], "0.10 0.20 0.30 1/200 12345");
  EXPECT_EQ(environment["thp"], "madvise");
  EXPECT_EQ(environment["clock_source"], "tsc");
  EXPECT_EQ(environment["default_congestion_control"], "cubic");
  EXPECT_EQ(environment["default_qdisc"], "fq_codel");
  EXPECT_EQ(environment["tcp_rmem"], "4096\t131072\t6291456");
  EXPECT_EQ(environment["busy_poll"], 50);
  EXPECT_EQ(environment["aslr"], 2);
  EXPECT_EQ(environment["sched_rt_runtime_us"], -1);
  EXPECT_THAT(environment["machine_id"].get<std::string>(), ContainsRegex("^[0-9a-f]{32}$"));
  EXPECT_THAT(environment.dump(), Not(HasSubstr("b08dfa60"))) << "the id itself";
}

TEST_F(EnvironmentTest, OfAMachineThatSaysNothing) {
  const json environment = described();
  for (const char* key : {"kernel", "processor", "cpus", "cpus_online", "smt", "memory_bytes",
                          "governor", "boost", "cmdline", "load_average", "thp", "clock_source",
                          "machine_id", "tcp_wmem", "aslr", "default_qdisc"}) {
    ASSERT_TRUE(environment.contains(key)) << key;
    EXPECT_TRUE(environment[key].is_null()) << key << " " << environment[key];
  }
  EXPECT_EQ(environment["mitigations"], json::object());
  EXPECT_EQ(environment["virtual"], "none");
}

TEST_F(EnvironmentTest, OfFilesThatMakeNoSense) {
  has("proc/cpuinfo", "model name\nmodel name\t:\n");
  has("proc/meminfo", "MemTotal: much\n");
  has("proc/self/status", "Cpus_allowed_list:\t3-1\n");
  has("sys/devices/system/cpu/online", "\n");
  has("sys/devices/system/cpu/smt/active", "maybe\n");
  has("sys/kernel/mm/transparent_hugepage/enabled", "]always[\n");
  has("etc/machine-id", "uninitialized\n");
  const json environment = described();
  for (const char* key :
       {"processor", "memory_bytes", "cpus", "cpus_online", "smt", "thp", "machine_id"})
    EXPECT_TRUE(environment[key].is_null()) << key << " " << environment[key];
}

TEST_F(EnvironmentTest, NamesAllGovernorsWhenTheyDiffer) {
  has("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n");
  has("sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "performance\n");
  has("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
  EXPECT_EQ(described()["governor"], "performance, powersave");
  EXPECT_EQ(described()["boost"], false);
}

TEST_F(EnvironmentTest, ProcessorsOfOtherKinds) {
  has("proc/device-tree/model", "Raspberry Pi 4 Model B");
  EXPECT_EQ(described()["processor"], "Raspberry Pi 4 Model B");
  has("proc/cpuinfo", "processor\t: 0\ncpu\t\t: POWER9 (raw), altivec supported\n");
  EXPECT_EQ(described()["processor"], "POWER9 (raw), altivec supported");
}

TEST_F(EnvironmentTest, CommandLinesWithoutAndWithNothingButTheInitsPart) {
  has("proc/cmdline", "quiet\n");
  EXPECT_EQ(described()["cmdline"], "quiet");
  has("proc/cmdline", "-- secret\n");
  EXPECT_EQ(described()["cmdline"], "");
  has("proc/cmdline", "a=b--c --\n");
  EXPECT_EQ(described()["cmdline"], "a=b--c");
}

TEST_F(EnvironmentTest, VirtualMachines) {
  has("proc/cpuinfo", "flags\t\t: fpu hypervisor lahf_lm\n");
  EXPECT_EQ(virtualization(), "vm-other");
  has("sys/class/dmi/id/sys_vendor", "QEMU\n");
  EXPECT_EQ(virtualization(), "qemu");
  has("sys/devices/system/clocksource/clocksource0/available_clocksource",
      "tsc kvm-clock acpi_pm\n");
  EXPECT_EQ(virtualization(), "kvm");
  has("sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
  has("sys/class/dmi/id/product_name", "Virtual Machine\n");
  EXPECT_EQ(virtualization(), "microsoft");
  has("sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
  has("sys/class/dmi/id/product_name", "m7g.large\n");
  EXPECT_EQ(virtualization(), "amazon");
  has("sys/class/dmi/id/product_name", "m7g.metal\n");
  EXPECT_EQ(virtualization(), "none");
}

TEST_F(EnvironmentTest, ContainersGoBeforeTheMachineBelow) {
  has("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n");
  EXPECT_EQ(virtualization(), "vmware");
  has("proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n");
  EXPECT_EQ(virtualization(), "wsl");
  has(".dockerenv", "");
  EXPECT_EQ(virtualization(), "docker");
  has("run/.containerenv", "");
  EXPECT_EQ(virtualization(), "podman");
  has("run/systemd/container", "lxc\n");
  EXPECT_EQ(virtualization(), "lxc");
}

TEST(ThisEnvironmentTest, SaysWhatOtherProgramsSay) {
  const json environment = describe_environment();
  EXPECT_EQ(environment["kernel"].get<std::string>() + "\n", output_of({"uname", "-r"}));
  EXPECT_EQ(environment["machine"].get<std::string>() + "\n", output_of({"uname", "-m"}));
  EXPECT_EQ(std::to_string(environment["cpus"].get<int>()) + "\n", output_of({"nproc"}));
  EXPECT_EQ(std::to_string(environment["cpus_online"].get<int>()) + "\n",
            output_of({"getconf", "_NPROCESSORS_ONLN"}));
  const std::string memory =
      output_of({"sed", "-n", "s/^MemTotal: *\\([0-9]*\\) kB/\\1/p", "/proc/meminfo"});
  EXPECT_EQ(environment["memory_bytes"].get<std::int64_t>(), 1024 * std::stoll(memory));
}

TEST(Sha256Test, AnswersOfTheStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, EveryLengthAgainstSha256sum) {
  const TemporaryFolder folder;
  Command command{"sha256sum"};
  std::string expected;
  std::string text;
  for (int length = 0; length <= 130; ++length) {
    command.push_back(folder.write(std::to_string(length), text));
    expected += sha256_hex(text) + "  " + command.back() + "\n";
    text += static_cast<char>('!' + length % 90);
  }
  EXPECT_EQ(output_of(command), expected);
}

}  // namespace
}  // namespace tunrelay::test
