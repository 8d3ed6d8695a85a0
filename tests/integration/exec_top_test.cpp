// SPDX-License-Identifier: MIT
// `exec --top` in a real terminal, tmux's: the page while the command runs, what the command prints
// in it and after it, its exit code, and how the page is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"
#include "support/terminal.hpp"

namespace tunrelay {
namespace {

using test::run;
using test::Terminal;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecTopTest : public test::PrivateNetwork {
 protected:
  const test::TemporaryFolder folder_;

  /// SCRIPT as the command of `exec --top`, with FLAGS, in words for a shell.
  [[nodiscard]] std::string exec(const std::string& script, const std::string& flags = "") const {
    return test::program() + " exec --top " + flags + " -- sh " +
           folder_.write("script", script + "\n");
  }
};

TEST_F(ExecTopTest, ShowsTheLinkAndThenWhatTheCommandHasPrinted) {
  const Terminal terminal(
      80, 24,
      exec("echo first line; echo to error >&2\n"
           "ping -q -c 3 -i 0.2 $TUNRELAY_B_ADDRESS\n"
           "read line || echo nothing to read\n"
           "(echo over the page >/dev/tty) 2>/dev/null || echo no terminal to write to\n"
           "echo waits; while [ ! -e " +
               (folder_ / "go") + " ]; do sleep 0.1; done; exit 7",
           "--a-to-b 'rate 4mbit'"));
  ASSERT_TRUE(terminal.shows("of 4.00 Mbit/s")) << terminal.picture();
  ASSERT_TRUE(terminal.shows("waits")) << terminal.picture();
  const std::string page = terminal.picture();
  EXPECT_THAT(page, HasSubstr("path proven"));
  EXPECT_THAT(page, HasSubstr("output of sh "));
  EXPECT_THAT(page, HasSubstr("no terminal to write to"));
  EXPECT_THAT(page, HasSubstr("q leave the page"));
  EXPECT_THAT(page, Not(HasSubstr("over the page")));
  folder_.write("go", "");
  ASSERT_TRUE(terminal.shows("ended with 7")) << terminal.picture();
  const std::string after = terminal.history();
  EXPECT_THAT(after, Not(HasSubstr("q leave the page"))) << "the screen is as before";
  EXPECT_THAT(after, HasSubstr("first line\nto error\n")) << "in its order";
  EXPECT_THAT(after, HasSubstr("3 packets transmitted, 3 received"));
  EXPECT_THAT(after, HasSubstr("nothing to read\n"));
  EXPECT_LT(after.find("first line"), after.find("path      proven")) << "the summary is last";
}

TEST_F(ExecTopTest, LeavingThePageLeavesTheCommandRunning) {
  const Terminal terminal(80, 24,
                          exec("echo before; while [ ! -e " + (folder_ / "go") +
                                   " ]; do sleep 0.1; done\n"
                                   "echo after; while [ ! -e " +
                                   (folder_ / "end") + " ]; do sleep 0.1; done; exit 5",
                               "-q"));
  ASSERT_TRUE(terminal.shows("output of sh ")) << terminal.picture();
  ASSERT_TRUE(terminal.shows("before")) << terminal.picture();
  terminal.type({"q"});
  EXPECT_TRUE(test::eventually(std::chrono::seconds(5), [&terminal] {
    return terminal.picture().starts_with("before\n");
  })) << terminal.picture();
  folder_.write("go", "");
  EXPECT_TRUE(terminal.shows("before\nafter\n")) << "as it comes\n" << terminal.picture();
  EXPECT_THAT(terminal.picture(), Not(HasSubstr("ended with")));
  folder_.write("end", "");
  EXPECT_TRUE(terminal.shows("before\nafter\nended with 5")) << terminal.picture();
}

TEST_F(ExecTopTest, KeysOfTheTerminalEndTheCommandButDoNotHoldIt) {
  const Terminal terminal(80, 24,
                          exec("trap 'echo caught; exit 9' INT\n"
                               "echo trapped; while :; do sleep 0.1; done",
                               "-q"));
  ASSERT_TRUE(terminal.shows("trapped")) << terminal.picture();
  terminal.type({"C-z"});
  terminal.type({"h"});
  EXPECT_TRUE(terminal.shows("sort flows")) << "the page goes on\n" << terminal.picture();
  terminal.type({"C-c"});
  EXPECT_TRUE(terminal.shows("trapped\ncaught\nended with 9")) << terminal.picture();
}

TEST_F(ExecTopTest, AStoppedTerminalHoldsUpNobody) {
  const std::string end = folder_ / "end";
  const std::string summary = folder_ / "summary.json";
  const Terminal terminal(80, 24,
                          exec("while [ ! -e " + end + " ]; do sleep 0.1; done",
                               "--control-socket /run/relay --summary-file " + summary));
  ASSERT_TRUE(terminal.shows("path proven")) << terminal.picture();
  terminal.type({"C-s"});
  constexpr int kFrames = 4;
  for (int frame = 0; frame < kFrames; ++frame) {
    std::this_thread::sleep_for(std::chrono::milliseconds(600));  // longer than one is shown
    EXPECT_TRUE(run({"timeout", "2", test::program(), "link", "set", "--control-socket",
                     "/run/relay", "--a-to-b", "rate " + std::to_string(frame + 5) + "mbit"})
                    .succeeded());
  }
  EXPECT_THAT(terminal.picture(), Not(HasSubstr("Mbit/s")));
  terminal.type({"C-q"});
  EXPECT_TRUE(terminal.shows("of 8.00 Mbit/s")) << terminal.picture();
  terminal.type({"C-s"});
  folder_.write("end", "");
  EXPECT_TRUE(test::eventually(std::chrono::seconds(15), [&summary] {
    return std::filesystem::exists(summary);
  })) << "it ends all the same";
}

TEST_F(ExecTopTest, ChangesTheLinkWithoutASocket) {
  const Terminal terminal(80, 24, exec("sleep 30", "-q --control-socket none"));
  ASSERT_TRUE(terminal.shows("a to b")) << terminal.picture();
  terminal.type({"a"});
  terminal.type({"-l", "rate 7mbit"});
  terminal.type({"Enter"});
  EXPECT_TRUE(terminal.shows("of 7.00 Mbit/s")) << terminal.picture();
}

TEST_F(ExecTopTest, WhatCanNotBeRunIsSaidOnTheTerminal) {
  const Terminal terminal(80, 24, test::program() + " exec --top -- no-such-command");
  EXPECT_TRUE(terminal.shows("ended with 127")) << terminal.picture();
  EXPECT_THAT(terminal.picture(), HasSubstr("could not run no-such-command"));
}

TEST_F(ExecTopTest, WithoutATerminalNothingIsMade) {
  const test::ProcessResult refused =
      run({test::program(), "exec", "--top", "--", "touch", folder_ / "ran"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_THAT(refused.standard_error, HasSubstr("is not a terminal"));
  EXPECT_THAT(refused.standard_error, HasSubstr("without --top"));
  EXPECT_EQ(folder_.files(), 0U) << "the command did not run";
  const Terminal odd(80, 24, exec("true"), "TERM=nonsense");
  EXPECT_TRUE(odd.shows("which TERM names")) << odd.picture();
  EXPECT_TRUE(odd.shows("ended with 3"));
  const test::ProcessResult both =
      run({test::program(), "exec", "--top", "--capture", "-", "--", "true"});
  EXPECT_EQ(both.exit_code, 2) << both.describe();
}

}  // namespace
}  // namespace tunrelay
