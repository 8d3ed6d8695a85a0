// SPDX-License-Identifier: MIT
// The test support's own way of running programs: a wrong answer here would make other
// tests pass for no reason.
#include "support/process.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace tunrelay::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(RunTest, CapturesBothOutputsAndTheExitCode) {
  const ProcessResult result = run_shell("echo out; echo err >&2; exit 7");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.signal, 0);
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.standard_output, "out\n");
  EXPECT_EQ(result.standard_error, "err\n");
}

TEST(RunTest, SaysWhichProgramCouldNotBeStarted) {
  const ProcessResult result = run({"no-such-program-anywhere"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_THAT(result.standard_error, HasSubstr("no-such-program-anywhere"));
}

TEST(RunTest, EndsWhatRunsTooLong) {
  const ProcessResult result = run({"sleep", "60"}, 100ms);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
}

TEST(RunTest, TakesMoreOutputThanAPipeHolds) {
  EXPECT_EQ(run_shell("head -c 1000000 /dev/zero").standard_output.size(), 1000000U);
}

TEST(OutputOfTest, ThrowsWithAllThatWasSaid) {
  EXPECT_THAT(
      [] {
        output_of({"sh", "-c", "echo why >&2; false"});
      },
      ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("why")));
}

TEST(BackgroundProcessTest, WaitsForALineAndAnswersASignal) {
  BackgroundProcess process({"bash", "-c",
                             "trap 'echo bye; exit 5' TERM; echo starting; echo ready now; while "
                             ":; do sleep 0.01; done"});
  EXPECT_EQ(process.wait_for_line("ready", 5s), "ready now");
  EXPECT_TRUE(process.is_running());
  process.send_signal(SIGTERM);
  const ProcessResult result = process.wait(5s);
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr("bye"));
  EXPECT_EQ(process.wait().exit_code, 5);
  EXPECT_FALSE(process.is_running());
}

TEST(BackgroundProcessTest, GivesUpOnALineThatNeverComes) {
  BackgroundProcess silent({"sleep", "60"});
  EXPECT_EQ(silent.wait_for_line("ready", 50ms), std::nullopt);
  BackgroundProcess over({"true"});
  EXPECT_EQ(over.wait_for_line("ready", 60s), std::nullopt);  // at once, not after a minute
}

TEST(BackgroundProcessTest, TakesItsChildrenWithIt) {
  pid_t child = 0;
  {
    BackgroundProcess process({"bash", "-c", "sleep 60 & echo child $!; wait"});
    const auto line = process.wait_for_line("child ", 5s);
    ASSERT_TRUE(line);
    child = std::stoi(line->substr(6));
    EXPECT_EQ(::kill(child, 0), 0);
  }
  // Gone, or a zombie that its new parent has not buried yet.
  const ProcessResult ended = run_shell(
      fmt::format("for try in $(seq 100); do grep -sq '^State:.*[RSD]' /proc/{}/status || exit 0;"
                  "  sleep 0.02; done; exit 1",
                  child));
  EXPECT_TRUE(ended.succeeded()) << ended.describe();
}

}  // namespace
}  // namespace tunrelay::test
