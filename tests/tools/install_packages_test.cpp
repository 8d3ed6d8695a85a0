// SPDX-License-Identifier: MIT
// tools/install-packages against a package manager that only writes down its arguments: it
// must install what is missing and nothing else, and start no service.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// In the fixture's own /run.
constexpr const char* kBin = "/run/bin";
constexpr const char* kLog = "/run/log";
constexpr const char* kPolicy = "/usr/sbin/policy-rc.d";

/// A fake `dpkg-query -W -f FORMAT NAME` for which curl and jq are missing.
constexpr const char* kSomeMissing = "case $4 in curl | jq) exit 1 ;; *) echo installed ;; esac";
/// A fake apt-get that brings nginx, and notes whether services were forbidden meanwhile.
constexpr const char* kAptGet =
    "echo \"apt-get $*\" >>/run/log\n"
    "[ $1 = update ] || { sh /usr/sbin/policy-rc.d; echo \"policy $?\" >>/run/log;\n"
    "  touch /etc/init.d/nginx; }";

class InstallPackagesTest : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const char* folder : {"/usr/sbin", "/etc/init.d"})
      ASSERT_EQ(::mount("tmpfs", folder, "tmpfs", 0, nullptr), 0) << folder;
    std::filesystem::create_directory(kBin);
    std::ofstream(kLog) << "";
    make_command("apt-get", kAptGet);
    make_command("update-rc.d", "echo \"update-rc.d $*\" >>/run/log");
  }

  static void make_command(const std::string& name, const std::string& script) {
    const std::string path = std::string(kBin) + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  static ProcessResult install(const std::string& arguments,
                               const std::string& path = "/run/bin:/usr/bin:/bin") {
    return run({"env", "PATH=" + path, "/bin/bash", "-c",
                std::string(TUNRELAY_SOURCE_DIR) + "/tools/install-packages " + arguments});
  }
  static std::string log() { return output_of({"cat", kLog}); }
};

TEST_F(InstallPackagesTest, DoesNothingWhenNothingIsMissing) {
  make_command("dpkg-query", "echo installed");
  const ProcessResult result = install("");
  EXPECT_TRUE(result.succeeded()) << result.describe();
  EXPECT_EQ(result.standard_output + result.standard_error, "");
  EXPECT_EQ(log(), "");
}

TEST_F(InstallPackagesTest, InstallsWhatIsMissingAndStartsNothing) {
  make_command("dpkg-query", kSomeMissing);
  std::ofstream("/etc/init.d/ssh") << "";  // the machine's own service: not ours to disable
  const ProcessResult result = install("");
  EXPECT_TRUE(result.succeeded()) << result.describe();
  EXPECT_EQ(log(),
            "apt-get update -qq\n"
            "apt-get install -y -qq --no-install-recommends jq curl\n"
            "policy 101\n"
            "update-rc.d nginx disable\n");
  EXPECT_FALSE(std::filesystem::exists(kPolicy));
}

TEST_F(InstallPackagesTest, TakesOnlyTheRequestedSections) {
  make_command("dpkg-query", kSomeMissing);
  EXPECT_EQ(install("--list").standard_output, "jq\ncurl\n");
  EXPECT_EQ(install("--list run").standard_output, "jq\n");
  EXPECT_EQ(install("--list build").standard_output, "");
  EXPECT_EQ(log(), "");
}

TEST_F(InstallPackagesTest, LeavesTheMachinesOwnPolicy) {
  make_command("dpkg-query", kSomeMissing);
  std::ofstream(kPolicy) << "exit 104\n";
  EXPECT_TRUE(install("").succeeded());
  EXPECT_THAT(log(), HasSubstr("policy 104"));
  EXPECT_TRUE(std::filesystem::exists(kPolicy));
}

TEST_F(InstallPackagesTest, FailsWithThePackageManagerAndCleansUp) {
  make_command("dpkg-query", kSomeMissing);
  make_command("apt-get", "[ $1 = update ] || exit 100");
  EXPECT_EQ(install("").exit_code, 100);
  EXPECT_FALSE(std::filesystem::exists(kPolicy));
}

TEST_F(InstallPackagesTest, SaysWhatToDoWithoutApt) {
  for (const char* command : {"bash", "dirname", "env", "awk", "sed"})
    std::filesystem::create_symlink(
        output_of({"sh", "-c", "printf %s $(command -v " + std::string(command) + ")"}),
        "/run/" + std::string(command));
  const ProcessResult result = install("build", "/run");
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("no apt"));
  EXPECT_THAT(result.standard_error, HasSubstr("liburing-dev"));
  EXPECT_THAT(result.standard_error, Not(HasSubstr("shellcheck")));
}

}  // namespace
}  // namespace tunrelay::test
