// SPDX-License-Identifier: MIT
// tools/fuzz with scripts in the place of fuzzers: what it reports of them, and that nothing that
// they find is lost.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FuzzTest : public ::testing::Test {
 protected:
  /// NAME, one of the fuzzers' names, does what SCRIPT says. $PREFIX is where findings go.
  void make_fuzzer(const std::string& name, const std::string& script) const {
    const std::filesystem::path place = folder_ / "build/tests/fuzz";
    std::filesystem::create_directories(place);
    std::ofstream(place / name) << "#!/bin/sh\nfor word; do case $word in -artifact_prefix=*) "
                                   "PREFIX=${word#*=};; esac; done\n"
                                << script;
    std::filesystem::permissions(place / name, std::filesystem::perms(0755));
  }
  [[nodiscard]] ProcessResult fuzz(const std::vector<std::string>& flags) const {
    Command command{std::string(TUNRELAY_SOURCE_DIR) + "/tools/fuzz",
                    "--no-build",
                    "--build",
                    folder_ / "build",
                    "--corpus",
                    folder_ / "kept"};
    command.insert(command.end(), flags.begin(), flags.end());
    return run(command);
  }

  TemporaryFolder folder_;
};

TEST_F(FuzzTest, ReportsWhatWasTried) {
  make_fuzzer("parse_fuzz",
              "echo \"$@\" >$0.flags\n"
              "echo 'stat::number_of_executed_units: 1000' >&2\n"
              "echo 'stat::average_exec_per_sec:     500' >&2\n");
  const ProcessResult result =
      fuzz({"--only", "^parse_fuzz$", "--seconds", "7", "--out", folder_ / "trust.json"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const nlohmann::json outcome = nlohmann::json::parse(result.standard_output);
  EXPECT_EQ(outcome.at("fuzzer"), "parse_fuzz");
  EXPECT_EQ(outcome.at("inputs"), 1000);
  EXPECT_EQ(outcome.at("inputs_per_s"), 500);
  EXPECT_TRUE(outcome.at("findings").empty());
  std::ifstream flags(folder_ / "build/tests/fuzz/parse_fuzz.flags");
  const std::string given(std::istreambuf_iterator<char>(flags), {});
  EXPECT_THAT(given, HasSubstr("-max_total_time=7 "));
  EXPECT_THAT(given, HasSubstr("/tests/fuzz/corpus/parse_fuzz"));
  EXPECT_THAT(content_of(folder_ / "trust.md"),
              HasSubstr("| parse_fuzz | 1,000 inputs, 500 a second; **0 findings** (at "));

  make_fuzzer("segment_fuzz", "echo 'stat::number_of_executed_units: 7' >&2\n");
  (void)fuzz({"--only", "^segment_fuzz$", "--out", folder_ / "trust.json"});
  EXPECT_THAT(content_of(folder_ / "trust.md"), AllOf(HasSubstr("| parse_fuzz | 1,000 inputs"),
                                                      HasSubstr("| segment_fuzz | 7 inputs")))
      << "each fuzzer's row stays until it runs again";
}

TEST_F(FuzzTest, NamesAndKeepsWhatWasFound) {
  make_fuzzer("segment_fuzz", "exit 0\n");
  make_fuzzer("parse_fuzz",
              "echo bad >${PREFIX}crash-1\n"
              "echo '==1==ERROR: AddressSanitizer: heap-buffer-overflow on address' >&2\n"
              "echo \"Test unit written to ${PREFIX}crash-1\" >&2\nexit 1\n");
  const ProcessResult result = fuzz({"--only", "^(parse|segment)_fuzz$"});
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_THAT(result.standard_error, HasSubstr("parse_fuzz: ==1==ERROR: AddressSanitizer: heap"));
  EXPECT_THAT(result.standard_error, HasSubstr("kept/findings/parse_fuzz-crash-1"));
  EXPECT_THAT(result.standard_output, HasSubstr("\"fuzzer\": \"segment_fuzz\"")) << "it goes on";
  EXPECT_TRUE(std::filesystem::exists(folder_ / "kept/findings/parse_fuzz-crash-1"));
}

TEST_F(FuzzTest, RunsSeveralAtATime) {
  // Each waits for the other.
  const auto meets = [](const std::string& mine, const std::string& other) {
    return "touch ${0%/*}/" + mine + "\nfor turn in $(seq 500); do\n  [ -e ${0%/*}/" + other +
           " ] && exit 0\n  sleep 0.01\ndone\nexit 1\n";
  };
  make_fuzzer("segment_fuzz", meets("one", "two"));
  make_fuzzer("parse_fuzz", meets("two", "one"));
  const ProcessResult result = fuzz({"--only", "^(parse|segment)_fuzz$", "--jobs", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

TEST_F(FuzzTest, SaysWhatCanNotRunHere) {
  make_fuzzer("packet_kernel_fuzz", "echo 'skipped: no network namespace' >&2\nexit 77\n");
  const ProcessResult result = fuzz({"--only", "kernel"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.standard_output, HasSubstr("skipped: no network namespace"));
}

TEST_F(FuzzTest, RefusesWhatIsNotThere) {
  EXPECT_THAT(fuzz({"--only", "no_such"}).standard_error, HasSubstr("no fuzzer's name matches"));
  EXPECT_THAT(fuzz({"--only", "^parse_fuzz$"}).standard_error, HasSubstr("not built"));
}

}  // namespace
}  // namespace tunrelay::test
