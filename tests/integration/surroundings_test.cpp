// SPDX-License-Identifier: MIT
// What a tunnel gets from those around it, and what it does with that: names that are not text,
// descriptors of its parent, places for its files that others have prepared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/running_tunnel.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using test::ProcessResult;
using test::program;
using ::testing::HasSubstr;
using ::testing::Not;

class SurroundingsTest : public test::PrivateNetwork {};

mode_t mode_of_file(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

TEST_F(SurroundingsTest, ADeviceWithANameThatIsNotTextLosesNoSummary) {
  test::RunningTunnel tunnel("");
  const ProcessResult renamed =
      test::run({"ip", "link", "set", "dev", "tun0", "name", "t\xff\x1b[1m"});
  ASSERT_TRUE(renamed.succeeded()) << renamed.describe();
  EXPECT_TRUE(tunnel.wait_for_event("note", "\xEF\xBF\xBD", std::chrono::seconds(10)));
  EXPECT_TRUE(test::is_balanced(tunnel.finish()));
}

TEST_F(SurroundingsTest, NamesThatAreNotTextKeepTheCommandsExitCode) {
  const ProcessResult as_json =
      test::run({program(), "exec", "--json", "--summary-file", "/run/s", "--capture",
                 "/run/c\xff.pcapng", "--", "sh", "-c", "exit 5"});
  EXPECT_EQ(as_json.exit_code, 5) << as_json.describe();
  for (const std::string& text : {as_json.standard_error, test::content_of("/run/s")})
    EXPECT_EQ(nlohmann::json::parse(text).at("capture").at("file"), "/run/c\xEF\xBF\xBD.pcapng");
  const ProcessResult text = test::run(
      {program(), "exec", "--capture", "/run/c\x1b[31m\rx.pcapng", "--", "sh", "-c", "exit 5"});
  EXPECT_EQ(text.exit_code, 5) << text.describe();
  EXPECT_THAT(text.standard_error, HasSubstr("capture   /run/c\xEF\xBF\xBD[31m x.pcapng: "));
  EXPECT_THAT(text.standard_error, Not(HasSubstr("\x1b")));
  const ProcessResult error = test::run({program(), "run", "--config", "/run/\x1b[2Jx"});
  EXPECT_EQ(error.exit_code, 2);
  EXPECT_THAT(error.standard_error, Not(HasSubstr("\x1b")));
}

TEST_F(SurroundingsTest, DescriptorsOfTheParentAreClosedUnlessTheyAreNamed) {
  test::BackgroundProcess tunnel(
      {"sh", "-c",
       "exec 8</dev/null 9>/run/c.pcapng <&-; exec " + program() + " run --capture /dev/fd/9"});
  ASSERT_TRUE(tunnel.wait_for_line("ready", std::chrono::seconds(20)));
  const std::string folder = "/proc/" + std::to_string(tunnel.pid()) + "/fd/";
  EXPECT_FALSE(std::filesystem::exists(folder + "8") &&
               std::filesystem::read_symlink(folder + "8") == "/dev/null");
  EXPECT_EQ(std::filesystem::read_symlink(folder + "9"), "/run/c.pcapng");
  EXPECT_EQ(std::filesystem::read_symlink(folder + "0"), "/dev/null") << "it was missing";
  tunnel.send_signal(SIGTERM);
  EXPECT_TRUE(tunnel.wait().succeeded());
  EXPECT_GT(std::filesystem::file_size("/run/c.pcapng"), 0U);
}

TEST_F(SurroundingsTest, ExecHandsDescriptorsToItsCommand) {
  const ProcessResult result = test::run_shell("exec 8>/run/said; " + program() +
                                               " exec -q -- sh -c 'echo hello >&8'; cat /run/said");
  EXPECT_EQ(result.standard_output, "hello\n") << result.describe();
}

TEST_F(SurroundingsTest, CapturesAreTheirOwnersAndFollowNoPlantedLink) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 01777), 0);
  const auto capture = [](const std::string& file) {
    return test::run({program(), "exec", "-q", "--capture", file, "--", "true"});
  };
  ASSERT_TRUE(capture(folder / "new.pcapng").succeeded());
  EXPECT_EQ(mode_of_file(folder / "new.pcapng"), 0600U);
  ASSERT_EQ(::chmod((folder / "new.pcapng").c_str(), 0644), 0);
  ASSERT_TRUE(capture(folder / "new.pcapng").succeeded());
  EXPECT_EQ(mode_of_file(folder / "new.pcapng"), 0644U);
  const test::TemporaryFolder elsewhere;
  const std::string precious = elsewhere.write("precious", "precious");
  std::filesystem::create_symlink(precious, folder / "link");
  ASSERT_EQ(::lchown((folder / "link").c_str(), 1234, 1234), 0);
  for (const std::string& arguments :
       {std::string("exec -q --capture "), std::string("exec -q --summary-file "),
        std::string("gen 127.0.0.1 127.0.0.1 --time 100ms --out "),
        std::string("gen 127.0.0.1 127.0.0.1 --time 100ms --csv "),
        std::string("gen 127.0.0.1 127.0.0.1 --time 100ms --hdr-log ")}) {
    const ProcessResult refused = test::run_shell(program() + " " + arguments + (folder / "link") +
                                                  (arguments[0] == 'e' ? " -- true" : ""));
    // A summary that can't be written is a failure of `exec`, whatever the cause.
    const bool is_summary = arguments.find("--summary-file") != std::string::npos;
    EXPECT_EQ(refused.exit_code, is_summary ? 1 : 3) << arguments << refused.describe();
    EXPECT_THAT(refused.standard_error, HasSubstr("has put a symbolic link there"));
  }
  EXPECT_EQ(test::content_of(precious), "precious");
}

TEST_F(SurroundingsTest, AMissingFileIsNamedOnce) {
  const ProcessResult config = test::run({program(), "run", "--config", "/run/nosuch.toml"});
  EXPECT_EQ(config.exit_code, 2);
  EXPECT_THAT(config.standard_error, HasSubstr("/run/nosuch.toml: No such file or directory"));
  EXPECT_THAT(config.standard_error, Not(HasSubstr("0:0")));
  const ProcessResult replay = test::run({program(), "replay", "/run/no.pcap", "/run/out"});
  EXPECT_EQ(replay.exit_code, 2);
  EXPECT_THAT(replay.standard_error, HasSubstr("packets of /run/no.pcap: No such file"));
}

}  // namespace
}  // namespace tunrelay
